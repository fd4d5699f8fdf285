import { z } from 'zod';
import type { Log } from '../../log.ts';
import type { ObjectId, ObjectInfo, ObjectStore } from '../../storage/store.ts';

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

/** How far the sweeps have come through the bucket. The next sweep continues behind the place that was saved. */
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

export async function openProgress(
  { store, buckets, now, isDryRun, log }: ProgressOptions,
  signal: AbortSignal,
): Promise<Progress> {
  const cursor = await openCursor(store, { bucket: buckets.control, name: 'sweep/cursor' }, signal);
  const at = { after: cursor.after, isComplete: false };
  let saved = { place: cursor.after, atMs: now() };
  const save = async () => {
    const place = at.isComplete ? '' : at.after;
    if (isDryRun || place === saved.place) return;
    saved = { place, atMs: now() };
    // A signal of its own: an aborted sweep keeps what it has done.
    const isMoved = await cursor.move(place, AbortSignal.timeout(lastWriteMs));
    if (!isMoved) log.info('Another sweep moved the cursor');
  };
  return {
    after: () => at.after,
    isComplete: () => at.isComplete,
    pass(imageName) {
      at.after = imageName;
    },
    complete() {
      at.isComplete = true;
    },
    save,
    saveIfDue: async () => (now() - saved.atMs >= saveEveryMs ? save() : undefined),
  };
}

interface Cursor {
  readonly after: string;
  /** Compare-and-swap; false when another worker moved the cursor first. */
  readonly move: (after: string, signal: AbortSignal) => Promise<boolean>;
}

// JSON: an empty text is no metadata value everywhere.
const afterSchema = z.object({ after: z.string() });

/** The place in the metadata of an empty object. The first move creates it. */
async function openCursor(store: ObjectStore, id: ObjectId, signal: AbortSignal): Promise<Cursor> {
  let at: ObjectInfo | undefined = await store.stat(id, signal);
  const parsed = afterSchema.safeParse(at?.metadata);
  const move = async (metadata: Readonly<Record<string, string>>, signal: AbortSignal) => {
    if (at !== undefined) return store.swapMetadata(at, metadata, signal);
    const options = { contentType: 'application/octet-stream', metadata, signal };
    const { created, info } = await store.create(id, new Uint8Array(), options);
    return created ? info : undefined;
  };
  return {
    after: parsed.success ? String(JSON.parse(parsed.data.after)) : '',
    async move(after, signal) {
      const moved = await move({ after: JSON.stringify(after) }, signal);
      at = moved ?? at;
      return moved !== undefined;
    },
  };
}
