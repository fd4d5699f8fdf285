import { asEditError } from '../../errors.ts';
import { mapOrdered } from '../../in-parallel.ts';
import { jsonText } from '../../requests/plain-json.ts';
import type { ObjectInfo, ObjectStore } from '../../storage/store.ts';
import { inputGenerations } from '../inputs/identity.ts';
import { controlNames, readTerminalName } from '../inputs/names.ts';
import { collectInputs, folderMaskFinder, type PairingOptions } from '../inputs/pairing.ts';
import { lastEnd, readWindow, setInWindow, type Window } from '../inputs/window.ts';
import { askedAgainOnce } from '../rounds.ts';
import { failureSchema, maxFailureBytes } from '../run/publish.ts';
import type { Buckets } from '../run/run.ts';

export interface AgainOptions {
  readonly store: ObjectStore;
  readonly buckets: Buckets;
  readonly pairing: PairingOptions;
  /** Only jobs that ended with one of these codes. */
  readonly codes: readonly string[];
  /** Only pictures whose name begins so. */
  readonly prefix: string;
  /** Nothing is written. */
  readonly isDryRun: boolean;
}

/** A job that was asked for again. */
export interface AskedJob {
  readonly image: string;
  readonly job: string;
  readonly code: string;
}

const windowImages = 500;
/** Each takes an error file to read, and a mark to write. */
const looksAtOnce = 10;

/**
 * Asks again for every job whose last round ended with one of the codes: the next sweep dispatches its next
 * round. Pictures with a result are left alone, and so are jobs that were asked for and have not ended since.
 */
export async function* askAgain(options: AgainOptions, signal: AbortSignal): AsyncGenerator<AskedJob> {
  const { store, buckets, pairing, prefix } = options;
  const isAsked = askedAgainOnce(store, buckets.control);
  const folderMasksOf = pairing.folderMask ? folderMaskFinder(store, buckets.input) : undefined;
  // A name that lies before every name with the prefix, and not far.
  let after = [...prefix].slice(0, -1).join('');
  for (;;) {
    const window = await readWindow({ store, buckets, after, maxImages: windowImages }, signal);
    const images = window.images.filter(({ name }) => name.startsWith(prefix));
    const look = async (image: ObjectInfo) => {
      const inputs =
        (await setInWindow(image, window, folderMasksOf, signal)) ??
        (await collected(image, options, signal));
      if (inputs === undefined) return undefined;
      const end = await lastEnd(inputGenerations(inputs), terminalsOf(image, window), isAsked);
      return askFor(image, end, options, signal);
    };
    for await (const asked of mapOrdered(images, looksAtOnce, look)) if (asked) yield asked;
    const last = window.images.at(-1)?.name;
    if (window.isLast || last === undefined || (last > prefix && !last.startsWith(prefix))) return;
    after = last;
  }
}

const terminalsOf = ({ name }: ObjectInfo, { terminals }: Window) => terminals.get(name) ?? [];

/** One picture whose name cannot be asked for is no reason to leave out the others. */
async function collected(image: ObjectInfo, { store, pairing }: AgainOptions, signal: AbortSignal) {
  try {
    const sets = await collectInputs(store, image, pairing, signal);
    return sets.find((set) => set.image.name === image.name);
  } catch (error) {
    if (asEditError(error).kind !== 'input') throw error;
    return undefined;
  }
}

async function askFor(
  { name: image }: ObjectInfo,
  end: ObjectInfo | undefined,
  { store, buckets, codes, isDryRun }: AgainOptions,
  signal: AbortSignal,
): Promise<AskedJob | undefined> {
  const read = end && readTerminalName(end.name);
  if (end === undefined || read?.kind !== 'error') return undefined;
  const { job } = read;
  const code = await codeOf(end, store, signal);
  if (!codes.includes(code)) return undefined;
  if (!isDryRun) {
    const id = { bucket: buckets.control, name: controlNames(job).again };
    const options = { contentType: 'application/octet-stream', metadata: { code }, signal };
    // Whoever asks at the same time asks for the same round.
    await store.create(id, new Uint8Array(), options);
  }
  return { image, job, code };
}

/** Error files of version 0.1 have their code only inside. */
async function codeOf(error: ObjectInfo, store: ObjectStore, signal: AbortSignal): Promise<string> {
  const { code } = error.metadata;
  if (code !== undefined) return code;
  const bytes = await store.read(error, { maxBytes: maxFailureBytes, signal });
  return jsonText.pipe(failureSchema).safeParse(new TextDecoder().decode(bytes)).data?.code ?? '';
}
