import type { Server } from 'node:http';
import { resolve } from 'node:path';
import { type Clock, systemClock } from '../clock.ts';
import { listen, stop, urlOf } from '../loopback.ts';
import { acknowledge } from './bucket.ts';
import { openCatalog } from './catalog.ts';
import { type Deliveries, type DeliveryTiming, startDeliveries } from './deliveries.ts';
import { type FolderLock, lockFolder } from './folder-lock.ts';
import { followHand } from './hand-uploads.ts';
import { storageOperations } from './operations.ts';
import { type Intercept, serve } from './server.ts';

export interface StorageEmulatorOptions {
  /** The folder that holds one folder for each bucket. */
  readonly root: string;
  /** Made when they are not there; other folders under the root are buckets too. */
  readonly buckets: readonly string[];
  /** 0, the default, takes any free one. */
  readonly port?: number;
  readonly delivery?: DeliveryTiming;
  /** False: files put in by hand are noticed at the next start only. */
  readonly watch?: boolean;
  /** A file put in by hand is taken in when nothing wrote to it for this long. */
  readonly settleMs?: number;
  readonly log?: (message: string) => void;
  /** An object was deleted, by a request or by hand. */
  readonly onRemoved?: (object: { readonly bucket: string; readonly name: string }) => void;
  /** The three below are for tests: time, faults between a request and its effect, events lost or doubled. */
  readonly clock?: Clock;
  readonly intercept?: Intercept;
  readonly eventCopies?: () => number;
}

export interface StorageEmulator {
  /** The `apiEndpoint` for `new Storage({ apiEndpoint, projectId })`. */
  readonly url: string;
  readonly events: Pick<Deliveries, 'subscribe' | 'idle' | 'close'>;
  /** Takes in what was done by hand up to now, without waiting for a notice of the file system. */
  rescan(): Promise<void>;
  close(): Promise<void>;
}

const DEFAULT_SETTLE_MS = 1_000;

/**
 * Cloud Storage on this machine, for development: the JSON API on loopback over plain files.
 *
 * Old generations are not kept, there is no access control, and resumable uploads do not outlive it.
 *
 * @throws {Error} naming the port when another program has it.
 * @throws {EditError} `CONFIG_INVALID` naming the process that has the folder.
 */
export async function startStorageEmulator(options: StorageEmulatorOptions): Promise<StorageEmulator> {
  const { clock = systemClock, log = () => {}, intercept = (_, run) => run() } = options;
  const hand = { settleMs: options.settleMs ?? DEFAULT_SETTLE_MS, isLive: options.watch ?? true, log };
  // The port comes first: a second emulator on the same one stops here, before it touches the files.
  const server = await listen(options.port ?? 0);
  const url = urlOf(server);
  const lock = await lockOrStop(options.root, url, server);
  const deliveries = startDeliveries({
    ...{ clock, log, timing: options.delivery ?? {}, baseUrl: url },
    eventCopies: options.eventCopies ?? (() => 1),
    pendingOf: (bucket) => [...catalog.bucket(bucket).objects.values()].filter(({ pending }) => pending),
    onAcknowledged: (object) => acknowledge(catalog.bucket(object.bucket), object),
  });
  const catalog = openCatalog({
    ...{ root: resolve(options.root), buckets: options.buckets, now: clock.now },
    onFinalized: deliveries.publish,
    onRemoved: options.onRemoved ?? (() => {}),
  });
  const watches = Array.from(catalog.buckets(), (bucket) => followHand(bucket, hand));
  serve(server, { now: clock.now, operations: storageOperations(catalog), intercept, log });
  const rescan = async (): Promise<void> => {
    await Promise.all(watches.map((watch) => watch.scan()));
  };
  await rescan();
  const close = async (): Promise<void> => {
    for (const watch of watches) watch.close();
    deliveries.close();
    await stop(server);
    catalog.close();
    lock.release();
  };
  return { url, events: deliveries, rescan, close };
}

async function lockOrStop(root: string, url: string, server: Server): Promise<FolderLock> {
  try {
    return await lockFolder(root, url);
  } catch (error) {
    await stop(server);
    throw error;
  }
}
