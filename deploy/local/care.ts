import type { RunningWork } from '../../functions/shutdown.ts';
import type { Config } from '../../lib/config.ts';
import { readName } from '../../lib/jobs/inputs/names.ts';
import { statusOf } from '../../lib/jobs/status.ts';
import type { Log } from '../../lib/log.ts';
import { cloudStorage } from '../../lib/storage/gcs.ts';
import type { ObjectId } from '../../lib/storage/store.ts';
import type { Jobs } from '../../lib/wiring/jobs.ts';
import { type Clock, type ScopedClock, scopedClock } from './clock.ts';
import { startSweeps } from './sweeps.ts';

interface CareOptions {
  readonly config: Config;
  readonly jobs: Jobs;
  readonly running: RunningWork;
  /** Aborts at the end of the system. */
  readonly signal: AbortSignal;
  /** No sweeps when left out. */
  readonly sweepEveryMs?: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** Looks after pictures whose events alone would leave them lying. */
export interface Care {
  /** The handler of events; a picture that arrives alone is told. */
  readonly uploads: Jobs['uploads'];
  /** Something was deleted from the input bucket: without its request file a pair may be another job. */
  removed(): void;
  close(): void;
}

export function takeCare(options: CareOptions): Care {
  const { jobs, running, signal, sweepEveryMs, log } = options;
  const clock = scopedClock(options.clock);
  const lone = loneTeller(options, clock);
  const sweep = async () => {
    // Events cannot be lost on the way here: no set is too young.
    await running.track(jobs.sweep({ isDryRun: false, minAgeMs: 0 }, signal));
  };
  const sweeps =
    sweepEveryMs === undefined ? undefined : startSweeps({ sweep, everyMs: sweepEveryMs, clock, log });
  return {
    uploads: async (id, stop) => {
      await jobs.uploads(id, stop);
      lone.note(id);
    },
    removed: () => sweeps?.soon(),
    close: () => {
      sweeps?.close();
      clock.cancelAll();
    },
  };
}

/** The mask mostly comes right after its picture. */
const patienceMs = 3000;

/** Says of pictures that arrived without a mask what they wait for. */
function loneTeller({ config, log }: CareOptions, clock: ScopedClock) {
  const arrived = new Set<string>();
  const { buckets, folderMask, storageApiEndpoint, project } = config;
  const store = cloudStorage({ apiEndpoint: storageApiEndpoint, projectId: project });
  let cancel = () => {};

  async function look(): Promise<void> {
    if (buckets === undefined) return;
    const names = new Set(arrived);
    arrived.clear();
    for (const { image, state } of await statusOf({ store, buckets, prefix: '', folderMask })) {
      if (state === 'no mask' && names.has(image)) log.info(`Waits: ${image}, for its mask ${maskOf(image)}`);
    }
  }

  return {
    note: ({ name }: ObjectId) => {
      if (readName(name)?.role !== 'image') return;
      arrived.add(name);
      cancel();
      cancel = clock.after(patienceMs, () => void look().catch(() => undefined));
    },
  };
}

function maskOf(image: string): string {
  const { folder = '', stem = '' } = readName(image) ?? {};
  return `${folder}${stem}.mask.png`;
}
