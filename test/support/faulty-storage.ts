import { type Clock, systemClock } from '../../deploy/local/clock.ts';
import {
  type StorageEmulator,
  type StorageEmulatorOptions,
  startStorageEmulator,
} from '../../deploy/local/storage/emulator.ts';
import type { Operation, StorageRequest } from '../../deploy/local/storage/request.ts';
import { type Faults, objectOf, storageFaults } from './storage-faults.ts';

const KINDS: Readonly<Record<Operation, keyof Counts>> = {
  stat: 'reads',
  read: 'reads',
  bucket: 'reads',
  list: 'lists',
  create: 'writes',
  chunk: 'writes',
  cancel: 'writes',
  patch: 'writes',
  delete: 'writes',
  rewrite: 'writes',
};

interface Counts {
  readonly reads: number;
  readonly writes: number;
  readonly lists: number;
}

interface RequestCounts extends Counts {
  readonly total: number;
  /** By `bucket/name`. */
  readonly byObject: Readonly<Record<string, Counts>>;
}

/** Counts API requests since the last reset, whether or not a fault then hits them. */
function requestCounter() {
  const none = { reads: 0, writes: 0, lists: 0 };
  let total = none;
  let byObject: Record<string, Counts> = {};
  const plusOne = (counts: Counts, kind: keyof Counts): Counts => ({ ...counts, [kind]: counts[kind] + 1 });
  return {
    count: (request: StorageRequest): void => {
      const kind = KINDS[request.operation];
      total = plusOne(total, kind);
      const object = objectOf(request);
      const key = `${request.bucket}/${object}`;
      if (object !== '') byObject[key] = plusOne(byObject[key] ?? none, kind);
    },
    snapshot: (): RequestCounts => ({
      ...total,
      total: total.reads + total.writes + total.lists,
      byObject: { ...byObject },
    }),
    reset: (): void => {
      [total, byObject] = [none, {}];
    },
  };
}

/** What tests do to a storage emulator. */
export interface StorageInstruments {
  readonly faults: Faults;
  readonly requests: Pick<ReturnType<typeof requestCounter>, 'snapshot' | 'reset'>;
  /** How often each event is sent from now on: 0 loses it, 2 doubles it. */
  sendEvents(copies: number): void;
  /** The emulator's clock, ms since the epoch. */
  now(): number;
  /** Moves the emulator's clock (not its timers). */
  advance(ms: number): void;
  /** Options for the emulator that is to be disturbed. */
  readonly options: Required<Pick<StorageEmulatorOptions, 'clock' | 'intercept' | 'eventCopies'>>;
}

export function storageInstruments(base: Clock = systemClock): StorageInstruments {
  let advancedMs = 0;
  let copies = 1;
  const now = () => base.now() + advancedMs;
  const { faults, intercept } = storageFaults();
  const { count, ...requests } = requestCounter();
  return {
    ...{ faults, requests, now },
    advance: (ms) => {
      advancedMs += ms;
    },
    sendEvents: (next) => {
      copies = next;
    },
    options: {
      clock: { now, after: base.after },
      eventCopies: () => copies,
      intercept: (request, run, response) => {
        count(request);
        return intercept(request, run, response);
      },
    },
  };
}

/** A storage emulator whose requests can be counted, broken and delayed. */
export interface FaultyStorage extends StorageEmulator, Omit<StorageInstruments, 'options'> {
  /** An `apiEndpoint` that tells requests of one worker from those of others. */
  workerUrl(worker: string): string;
}

export async function startFaultyStorage(options: StorageEmulatorOptions): Promise<FaultyStorage> {
  const { options: hooks, ...instruments } = storageInstruments(options.clock);
  const emulator = await startStorageEmulator({ ...options, ...hooks });
  return { ...emulator, ...instruments, workerUrl: (worker) => `${emulator.url}/@${worker}` };
}
