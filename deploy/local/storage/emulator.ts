import type { Server } from 'node:http';
import { resolve } from 'node:path';
import { type Clock, systemClock } from '../clock.ts';
import { listen, stop, urlOf } from '../loopback.ts';
import { openCatalog } from './catalog.ts';
import { controlHandler } from './control.ts';
import { type Deliveries, type DeliveryTiming, startDeliveries } from './deliveries.ts';
import { type Faults, faultGate } from './faults.ts';
import { type FolderLock, lockFolder } from './folder-lock.ts';
import type { FolderWatch } from './folder-watch.ts';
import { followHand } from './hand-uploads.ts';
import { storageHandlers } from './handlers.ts';
import { WORKER_PREFIX } from './request.ts';
import { type RequestCounter, requestCounter } from './request-counts.ts';
import { serve } from './server.ts';

export interface StorageEmulatorOptions {
  /** The folder that holds one folder for each bucket. */
  readonly root: string;
  /** Made when they are not there; other folders under the root are buckets too. */
  readonly buckets: readonly string[];
  /** 0, the default, takes any free one. */
  readonly port?: number;
  /** Where each bucket's finalized events go. */
  readonly subscriptions?: readonly { readonly bucket: string; readonly url: string }[];
  readonly clock?: Clock;
  readonly delivery?: DeliveryTiming;
  /** False: files put in by hand are noticed at the next start only. */
  readonly watch?: boolean;
  /** A file put in by hand is taken in when nothing wrote to it for this long. */
  readonly settleMs?: number;
  readonly log?: (message: string) => void;
}

export interface StorageEmulator {
  /** The `apiEndpoint` for `new Storage({ apiEndpoint, projectId })`. */
  readonly url: string;
  /** An `apiEndpoint` that tells requests of one worker from those of others. */
  workerUrl(worker: string): string;
  readonly faults: Faults;
  readonly requests: Pick<RequestCounter, 'snapshot' | 'reset'>;
  readonly events: Pick<Deliveries, 'subscribe' | 'disturb' | 'counts' | 'idle'>;
  /** Takes in what was done by hand up to now, without waiting for a notice of the file system. */
  rescan(): Promise<void>;
  /** The server's clock, ms since the epoch. */
  now(): number;
  /** Moves the server's clock (not its timers). */
  advance(ms: number): void;
  close(): Promise<void>;
}

const DEFAULT_SETTLE_MS = 1_000;

/**
 * Cloud Storage on this machine, for development: the JSON API on loopback over plain files.
 *
 * Old generations are not kept, there is no access control, and resumable uploads do not outlive it.
 *
 * @throws {Error} naming the port when another program has it; `CONFIG_INVALID` naming the process that has the folder.
 */
export async function startStorageEmulator(options: StorageEmulatorOptions): Promise<StorageEmulator> {
  const { clock = systemClock, log = () => {}, subscriptions = [] } = options;
  let advancedMs = 0;
  const now = (): number => clock.now() + advancedMs;
  const advance = (ms: number): void => {
    advancedMs += ms;
  };
  const faults = faultGate();
  const counter = requestCounter();
  const watches: FolderWatch[] = [];
  const hand = { settleMs: options.settleMs ?? DEFAULT_SETTLE_MS, isLive: options.watch ?? true, log };

  // The port comes first: a second emulator on the same one stops here, before it touches the files.
  const server = await listen(options.port ?? 0);
  const url = urlOf(server);
  const lock = await locked(options.root, url, server);
  const deliveries = startDeliveries({
    clock,
    log,
    timing: options.delivery ?? {},
    baseUrl: url,
    pendingOf: (bucket) => [...catalog.bucket(bucket).objects()].filter((object) => object.pending),
    onAcknowledged: (object) => catalog.bucket(object.bucket).acknowledge(object),
  });
  const catalog = openCatalog({
    root: resolve(options.root),
    buckets: options.buckets,
    now,
    onFinalized: deliveries.publish,
    onBucket: (bucket) => watches.push(followHand(bucket, hand)),
  });
  const control = controlHandler({ faults, counter, deliveries, advance });
  serve(server, { now, advance, faults, counter, log, control, handlers: storageHandlers(catalog) });
  const rescan = async (): Promise<void> => {
    await Promise.all(watches.map((watch) => watch.scan()));
  };
  await rescan();
  for (const { bucket, url: subscriber } of subscriptions) deliveries.subscribe(bucket, subscriber);

  return {
    url,
    workerUrl: (worker) => url + WORKER_PREFIX + worker,
    faults,
    requests: counter,
    events: deliveries,
    rescan,
    now,
    advance,
    close: async () => {
      for (const watch of watches) watch.close();
      deliveries.close();
      await stop(server);
      catalog.close();
      lock.release();
    },
  };
}

async function locked(root: string, url: string, server: Server): Promise<FolderLock> {
  try {
    return await lockFolder(root, url);
  } catch (error) {
    await stop(server);
    throw error;
  }
}
