import { mapOrdered } from '../in-parallel.ts';
import { jsonText } from '../requests/plain-json.ts';
import { listAll, type ObjectInfo, type ObjectStore, sinceUpdateMs } from '../storage/store.ts';
import type { Claim } from './claim/claim.ts';
import { observeClaim } from './claim/claim-store.ts';
import { type InputSet, inputGenerations } from './inputs/identity.ts';
import { formsOf, imageVersion, isPicture, nameFault } from './inputs/names.ts';
import { folderMaskFinder, setFrom } from './inputs/pairing.ts';
import { explainUnpaired } from './inputs/unpaired.ts';
import { endOf, groupByStem, lastEnd, membersOf, terminalsByImage } from './inputs/window.ts';
import { askedAgainOnce } from './rounds.ts';
import { modelCallsOf } from './run/cost.ts';
import { failureSchema, maxFailureBytes } from './run/publish.ts';
import type { Buckets } from './run/run.ts';

export interface JobStatus {
  /** The name of the picture, or of an object that belongs to no picture. */
  readonly name: string;
  /**
   * `no mask`: a picture that waits for it. `pending`: complete, and no run has begun. `unpaired`: an object
   * that belongs to no picture.
   */
  readonly state: 'done' | 'failed' | 'running' | 'waiting' | 'pending' | 'no mask' | 'unpaired';
  /** Since the last write about the picture, by the server's clock. */
  readonly ageMs: number;
  readonly attempts: number;
  /** Of models: an engine that asks nobody makes none. */
  readonly modelCalls: number;
  /** Why it waits or failed; empty otherwise. */
  readonly code: string;
  /** The same as a sentence; of an object without a pair, what it waits for. */
  readonly reason: string;
}

interface StatusOptions {
  readonly store: ObjectStore;
  readonly buckets: Buckets;
  /** Only objects whose name begins so. */
  readonly prefix: string;
  /** True where pictures use the mask of their folder. Results of such jobs are found in any case. */
  readonly folderMask?: boolean;
  readonly requestFile?: 'optional' | 'required';
}

/** A picture, and all that is known about it. */
interface PictureObjects {
  /** As the sweep would see it. */
  readonly set: InputSet;
  /** Its manifest or error file; none while another round is wanted. */
  readonly terminal: ObjectInfo | undefined;
  readonly claim: ObjectInfo | undefined;
}

/** The state of every object under a prefix, read from the three buckets alone. */
export async function statusOf(options: StatusOptions, signal?: AbortSignal): Promise<readonly JobStatus[]> {
  const { store, buckets, prefix } = options;
  const inputs = (await listAll(store, buckets.input, inputPrefix(prefix), signal)).filter(isObject);
  const isAsked = ({ name }: { readonly name: string }) =>
    [...formsOf(prefix)].some((form) => name.startsWith(form));
  const all = await picturesOf(inputs, options, signal);
  const used = new Set(all.flatMap(({ set }) => [set.mask, set.keep, set.request]).map((info) => info?.name));
  // A picture named like a mask is one where it serves as one.
  const pictures = all.filter(({ set, terminal }) => terminal !== undefined || !used.has(set.image.name));
  const alone = pictures.filter((each) => lacksSomething(each, options)).map(({ set }) => set.image);
  const strays = inputs.filter((info) => !used.has(info.name) && !isPicture(info));
  const sets = all.map(({ set }) => set);
  const reasons = new Map(
    explainUnpaired([...alone, ...strays], sets).map(({ name, reason }) => [name, reason]),
  );
  const asked = pictures.filter(({ set }) => isAsked(set.image));
  const jobs: JobStatus[] = [];
  for await (const status of mapOrdered(asked, readsAtOnce, (each) => statusFrom(each, reasons, options)))
    jobs.push(status);
  return [...jobs, ...strays.filter(isAsked).map((info) => strayStatus(info, reasons))];
}

/** Error files that are read at once. */
const readsAtOnce = 10;

/** `dir/` itself is an object where a console made the folder. */
const isObject = ({ name }: ObjectInfo): boolean => !name.endsWith('/');

/** `dir/photo.jpg` -> `dir/photo`: the names of picture and mask both begin so, in any form of Unicode. */
function inputPrefix(prefix: string): string {
  const dot = prefix.indexOf('.', prefix.lastIndexOf('/') + 1);
  const start = dot === -1 ? prefix : prefix.slice(0, dot);
  const [first = '', ...others] = formsOf(start);
  let length = first.length;
  for (const other of others) while (!other.startsWith(first.slice(0, length))) length--;
  return first.slice(0, length);
}

async function picturesOf(
  inputs: readonly ObjectInfo[],
  { store, buckets, prefix, folderMask = false }: StatusOptions,
  signal: AbortSignal | undefined,
): Promise<readonly PictureObjects[]> {
  const members = groupByStem(inputs);
  const terminals = terminalsByImage(await listAll(store, buckets.output, inputPrefix(prefix), signal));
  // A mask that was uploaded again gives the same picture a second claim: the last one written counts.
  const claims = new Map(
    (await listAll(store, buckets.control, 'claims/', signal))
      .sort((a, b) => Date.parse(a.updated) - Date.parse(b.updated))
      .map((info) => [info.metadata['imageVersion'], info]),
  );
  const folderMasksOf = folderMaskFinder(store, buckets.input);
  const isAsked = askedAgainOnce(store, buckets.control);
  return Promise.all(
    inputs.filter(isPicture).map(async (image) => {
      const group = membersOf(image, members);
      const own = setFrom(image, group);
      const shared = setFrom(image, [...group, ...(await folderMasksOf(image, signal))]);
      const ended = terminals.get(image.name) ?? [];
      const hasEnded = (set: InputSet) => endOf(inputGenerations(set), ended) !== undefined;
      const set = !hasEnded(own) && (folderMask || hasEnded(shared)) ? shared : own;
      const terminal = await lastEnd(inputGenerations(set), ended, isAsked);
      const claim = claims.get(imageVersion(image));
      // That of the round before the one that is wanted.
      const isOld = terminal === undefined && hasEnded(set) && claim?.metadata['state'] === 'FAILED';
      return { set, terminal, claim: isOld ? undefined : claim };
    }),
  );
}

function lacksSomething({ set, terminal }: PictureObjects, { requestFile }: StatusOptions): boolean {
  const lacksRequest = requestFile === 'required' && set.request === undefined;
  return terminal === undefined && (set.mask === undefined || lacksRequest);
}

/** Why objects pair with nothing, by their names. */
type Reasons = ReadonlyMap<string, string>;

async function statusFrom(
  { set, terminal, claim: object }: PictureObjects,
  reasons: Reasons,
  { store }: StatusOptions,
): Promise<JobStatus> {
  const claim = claimOf(object);
  const { name } = set.image;
  const use = {
    ageMs: sinceUpdateMs(terminal ?? object ?? set.image),
    attempts: claim?.attempts ?? 0,
    modelCalls: claim === undefined ? 0 : modelCallsOf(claim, object?.metadata['engine']),
  };
  const state = stateOf({ set, terminal }, claim);
  if (terminal !== undefined)
    return { name, state, ...use, ...(state === 'failed' ? await readFailure(terminal, store) : noFault) };
  const fault = nameFault(name);
  if (fault !== undefined) return { name, state: 'failed', ...use, code: fault.code, reason: fault.message };
  const code = claim === undefined || claim.code === 'none' ? '' : claim.code;
  const said = claim?.lastError?.code === code ? claim?.lastError?.message : undefined;
  return { name, state, ...use, code, reason: said ?? reasons.get(name) ?? '' };
}

const noFault = { code: '', reason: '' };

/** One claim that cannot be read is no reason to show nothing. */
function claimOf(info: ObjectInfo | undefined): Claim | undefined {
  try {
    return info === undefined ? undefined : observeClaim(info).claim;
  } catch {
    return undefined;
  }
}

function stateOf(
  { terminal, set }: Pick<PictureObjects, 'terminal' | 'set'>,
  claim: Claim | undefined,
): JobStatus['state'] {
  if (terminal !== undefined) return terminal.name.endsWith('manifest.json') ? 'done' : 'failed';
  if (claim?.state === 'RUNNING') return 'running';
  if (claim?.state === 'WAIT') return 'waiting';
  return set.mask === undefined ? 'no mask' : 'pending';
}

/** Code and sentence of an `error.json`. */
async function readFailure(info: ObjectInfo, store: ObjectStore): Promise<{ code: string; reason: string }> {
  const bytes = await store.read(info, { maxBytes: maxFailureBytes });
  const parsed = jsonText.pipe(failureSchema).safeParse(new TextDecoder().decode(bytes));
  if (!parsed.success) return { code: '', reason: `${info.name} cannot be read` };
  return { code: parsed.data.code, reason: parsed.data.message };
}

function strayStatus(info: ObjectInfo, reasons: Reasons): JobStatus {
  const use = { ageMs: sinceUpdateMs(info), attempts: 0, modelCalls: 0 };
  return { name: info.name, state: 'unpaired', ...use, code: '', reason: reasons.get(info.name) ?? '' };
}
