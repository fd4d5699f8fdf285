import { asEditError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { type ObjectInfo, type ObjectStore, sinceUpdateMs } from '../../storage/store.ts';
import { controlNames, imageOfVersion } from '../inputs/names.ts';
import { type EndedJob, type JobEnd, readEnd } from './end.ts';

/**
 * Tells of ended jobs, each at least once. The claim of a job keeps whether that was done: `reported`. A run
 * tells when its manifest or error file is stored, and writes that with the last state of its claim. What a
 * crash or an outage leaves untold, the next event or sweep tells.
 */
export interface Reporter {
  /** Tells of an end that was just stored; `no` where that failed, which is logged. */
  readonly tell: (ended: EndedJob) => Promise<'yes' | 'no'>;
  /** The same for an end that was found, unless its claim says that it was told. */
  readonly tellOnce: (ended: EndedJob, signal: AbortSignal) => Promise<void>;
  /** Tells of all that were not told; ends between two jobs. @returns how many. */
  readonly tellRest: (isOver: () => boolean, signal: AbortSignal) => Promise<number>;
}

export interface ReporterOptions {
  readonly store: ObjectStore;
  readonly buckets: { readonly output: string; readonly control: string };
  /** The run of a claim that was not written for this long is gone. */
  readonly leaseMs: number;
  /** Does what is to be done after an end; may be called more than once for it. */
  readonly onEnd: (end: JobEnd, signal: AbortSignal) => Promise<void>;
  readonly log: Log;
}

/** A run that was told to stop has 10 s for everything. */
const tellMs = 5000;

export function reporter(options: ReporterOptions): Reporter {
  const { store, buckets, leaseMs, onEnd, log } = options;

  /** `undefined`: the job has not ended. */
  async function tell(ended: EndedJob): Promise<'yes' | 'no' | undefined> {
    const signal = AbortSignal.timeout(tellMs);
    try {
      const end = await readEnd(ended, { store, outputBucket: buckets.output }, signal);
      if (end === undefined) return undefined;
      await onEnd(end, signal);
      return 'yes';
    } catch (thrown) {
      const { code, kind, message, details } = asEditError(thrown);
      const write = kind === 'passing' ? log.warn : log.error;
      write(`The end of a job was not told: ${message}`, { ...details, ...ended, code });
      return 'no';
    }
  }

  async function tellAndMark(ended: EndedJob, claim: ObjectInfo, signal: AbortSignal): Promise<boolean> {
    if ((await tell(ended)) !== 'yes') return false;
    // Whoever changed the claim meanwhile tells it too, or has told it.
    await store.swapMetadata(claim, { reported: 'yes' }, signal);
    return true;
  }

  return {
    tell: async (ended) => (await tell(ended)) ?? 'no',
    async tellOnce(ended, signal) {
      const id = { bucket: buckets.control, name: controlNames(ended.job).claim };
      const claim = await store.stat(id, signal);
      if (claim !== undefined && isUntold(claim, leaseMs)) await tellAndMark(ended, claim, signal);
    },
    async tellRest(isOver, signal) {
      let told = 0;
      for await (const claim of store.list(buckets.control, { prefix: controlNames('').claim }, signal)) {
        if (isOver()) break;
        const image = imageOfVersion(claim.metadata['imageVersion']);
        if (image === undefined || !isUntold(claim, leaseMs)) continue;
        const job = claim.name.slice(controlNames('').claim.length);
        if (await tellAndMark({ job, image }, claim, signal)) told++;
      }
      return told;
    },
  };
}

/**
 * An end of version 0.1, or from before somebody was to be told, has no mark: it is not told. A claim without
 * an end may be that of a run which died between its manifest and the mark.
 */
function isUntold(claim: ObjectInfo, leaseMs: number): boolean {
  const { state, reported } = claim.metadata;
  if (reported === 'yes') return false;
  const hasEnded = state === 'DONE' || state === 'FAILED';
  return hasEnded ? reported === 'no' : sinceUpdateMs(claim) >= leaseMs;
}
