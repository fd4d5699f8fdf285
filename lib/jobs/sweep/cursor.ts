import { z } from 'zod';
import type { ObjectId, ObjectInfo, ObjectStore } from '../../storage/store.ts';

/** A place in a listing, kept in the metadata of an empty object and moved by compare-and-swap. */
export interface Cursor {
  /** The last name that was dealt with; empty at the beginning. */
  readonly after: string;
  /** False when another worker moved it meanwhile. */
  readonly move: (after: string, signal: AbortSignal) => Promise<boolean>;
}

// Quoted: an empty text is no metadata value everywhere.
const afterSchema = z.object({ after: z.string() });

/** Reads it only: it is created when it is first moved. */
export async function openCursor(store: ObjectStore, id: ObjectId, signal: AbortSignal): Promise<Cursor> {
  let at: ObjectInfo | undefined = await store.stat(id, signal);
  const parsed = afterSchema.safeParse(at?.metadata);
  return {
    after: parsed.success ? String(JSON.parse(parsed.data.after)) : '',
    async move(after, moveSignal) {
      const metadata = { after: JSON.stringify(after) };
      const moved =
        at === undefined ? await create(metadata) : await store.swapMetadata(at, metadata, moveSignal);
      at = moved ?? at;
      return moved !== undefined;

      async function create(metadata: Readonly<Record<string, string>>): Promise<ObjectInfo | undefined> {
        const contentType = 'application/octet-stream';
        const { created, info } = await store.create(id, new Uint8Array(), {
          contentType,
          metadata,
          signal: moveSignal,
        });
        return created ? info : undefined;
      }
    },
  };
}
