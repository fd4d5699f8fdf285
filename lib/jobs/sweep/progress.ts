import { z } from 'zod';
import type { Log } from '../../log.ts';
import { jsonText } from '../../requests/plain-json.ts';
import type { ObjectInfo, ObjectStore } from '../../storage/store.ts';

/** Cloud Storage takes about one write a second for one object. */
const saveEveryMs = 10_000;
/** Time for the last write after an abort: a process that is told to end has 10 s. */
const lastWriteMs = 5000;

interface ProgressOptions {
  readonly store: ObjectStore;
  readonly buckets: { readonly control: string };
  readonly now: () => number;
  readonly isDryRun: boolean;
  readonly log: Log;
}

/** How far the sweeps have come through the bucket; the next one continues behind the saved place. */
export interface Progress {
  /** Name of the last picture that was dealt with; empty at the beginning. */
  readonly after: () => string;
  readonly isComplete: () => boolean;
  readonly pass: (imageName: string) => void;
  /** The end of the bucket is reached: the next sweep begins at its start. */
  readonly complete: () => void;
  /** Saves the place when it has changed; not in a dry run. */
  readonly save: () => Promise<void>;
  /** Saves when the last save is some time ago. */
  readonly saveIfDue: () => Promise<void>;
}

/** The metadata of the object that holds the place. JSON, because metadata values may not be empty. */
const savedSchema = z.object({ after: jsonText.pipe(z.string()) });

/** Reads the saved place. The first save creates its object, later ones change it by compare-and-swap. */
export async function openProgress(
  { store, buckets, now, isDryRun, log }: ProgressOptions,
  signal: AbortSignal,
): Promise<Progress> {
  const id = { bucket: buckets.control, name: 'sweep/cursor' };
  let object: ObjectInfo | undefined = await store.stat(id, signal);
  const { after } = savedSchema.safeParse(object?.metadata).data ?? { after: '' };
  const place = { after, isComplete: false };
  let saved = { after, atMs: now() };

  async function write(metadata: Readonly<Record<string, string>>): Promise<ObjectInfo | undefined> {
    // A signal of its own: an aborted sweep keeps what it has done.
    const signal = AbortSignal.timeout(lastWriteMs);
    if (object !== undefined) return store.swapMetadata(object, metadata, signal);
    const options = { contentType: 'application/octet-stream', metadata, signal };
    const { created, info } = await store.create(id, new Uint8Array(), options);
    return created ? info : undefined;
  }

  async function save(): Promise<void> {
    const after = place.isComplete ? '' : place.after;
    if (isDryRun || after === saved.after) return;
    saved = { after, atMs: now() };
    const written = await write({ after: JSON.stringify(after) });
    object = written ?? object;
    if (written === undefined) log.info('Another sweep moved the cursor');
  }

  return {
    after: () => place.after,
    isComplete: () => place.isComplete,
    pass(imageName) {
      place.after = imageName;
    },
    complete() {
      place.isComplete = true;
    },
    save,
    saveIfDue: async () => (now() - saved.atMs >= saveEveryMs ? save() : undefined),
  };
}
