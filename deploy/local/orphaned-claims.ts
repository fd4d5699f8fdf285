import type { Log } from '../../lib/log.ts';
import { cloudStorage } from '../../lib/storage/gcs.ts';

/**
 * Gives back the claims of a local system that was killed: the lock of its folder says that it is gone, so its leases
 * need not run out. The starts that did not come back stay counted: a file that kills the process shall end.
 *
 * In the cloud nobody knows that much about other instances: there the lease is waited for.
 */
export async function freeOrphanedClaims(storageUrl: string, bucket: string, log: Log): Promise<void> {
  const store = cloudStorage({ apiEndpoint: storageUrl, projectId: undefined });
  let freed = 0;
  for await (const info of store.list(bucket, { prefix: 'claims/' })) {
    if (info.metadata['state'] !== 'RUNNING') continue;
    const swapped = await store.swapMetadata(info, { state: 'WAIT', waitMs: '0', code: 'CANCELLED' });
    if (swapped !== undefined) freed++;
  }
  if (freed > 0) log.info(`${freed} jobs of an earlier run, which was killed, begin again`);
}
