import type { Transfers } from '../../../lib/storage/transfers.ts';

/** In the place of `lib/storage/gcs-transfers.ts`: no simulated user sends files in parts. */
export function cloudTransfers(): Transfers {
  const none = () => Promise.reject(new Error('Expected no upload in parts, got one'));
  return { readRange: none, copy: none, replace: none, startUpload: none, sendChunk: none };
}
