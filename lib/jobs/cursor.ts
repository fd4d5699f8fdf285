import { z } from 'zod';
import type { ObjectId, ObjectInfo, ObjectStore } from '../storage/store.ts';

/** A place in a listing, kept in the metadata of an empty object and moved by compare-and-swap. */
export interface Cursor {
  /** The last name that was dealt with; empty at the beginning. */
  readonly after: string;
  /** False when another worker moved it meanwhile. */
  readonly move: (after: string, signal: AbortSignal) => Promise<boolean>;
}

// Quoted: an empty text is no metadata value everywhere.
const afterSchema = z.object({ after: z.string() });

export async function openCursor(store: ObjectStore, id: ObjectId, signal: AbortSignal): Promise<Cursor> {
  let info: ObjectInfo | undefined = await store.stat(id, signal);
  info ??= (
    await store.create(id, new Uint8Array(), {
      contentType: 'application/octet-stream',
      metadata: { after: '""' },
      signal,
    })
  ).info;
  const parsed = afterSchema.safeParse(info.metadata);
  let at = info;
  return {
    after: parsed.success ? String(JSON.parse(parsed.data.after)) : '',
    async move(after, moveSignal) {
      const moved = await store.swapMetadata(at, { after: JSON.stringify(after) }, moveSignal);
      if (moved !== undefined) at = moved;
      return moved !== undefined;
    },
  };
}
