import { parseEngineName } from '../engines/engines.ts';
import { asEditError } from '../errors.ts';
import { type Attributes, noTrace } from '../trace.ts';
import type { Job } from './inputs/plan.ts';
import { askedAgain, nextRound } from './rounds.ts';
import { type RunOptions, type RunResult, runJob } from './run/run.ts';

/** Runs a job to its end, or stores it where it cannot be lost. Then the event may be acknowledged. */
export type Dispatch = (job: Job, signal: AbortSignal) => Promise<void>;

/** Runs the job in this process, and logs one line about its end. */
export function inlineDispatch(options: RunOptions): Dispatch {
  // The events of a picture and of its mask mostly arrive together: the second waits for the run of the first
  // instead of finding the job busy and having to come again.
  const running = new Map<string, Promise<void>>();
  return (job, signal) => {
    const known = running.get(job.id);
    if (known !== undefined) return known;
    const run = runRounds(job, options, signal).finally(() => running.delete(job.id));
    running.set(job.id, run);
    return run;
  };
}

/** Where a job has failed before and was asked for again, its next round is run. */
async function runRounds(job: Job, options: RunOptions, signal: AbortSignal): Promise<void> {
  const isAsked = askedAgain(options.store, options.buckets.control);
  let current = job;
  for (;;) {
    const outcome = await runAndReport(current, options, signal);
    if (outcome !== 'failed' && outcome !== 'failed-before') return;
    if (!(await isAsked(current.id, signal))) return;
    current = nextRound(current);
  }
}

function runAndReport(job: Job, options: RunOptions, signal: AbortSignal): Promise<RunResult['outcome']> {
  const { log, engine, trace = noTrace } = options;
  const started = performance.now();
  const facts = () => ({
    job: job.id,
    round: job.round,
    image: job.inputs.image.name,
    generation: job.inputs.image.generation,
    sizeBytes: job.inputs.image.sizeBytes,
    ...parseEngineName(engine.name),
    ms: Math.round(performance.now() - started),
  });
  const run = async (note: (facts: Attributes) => void): Promise<RunResult['outcome']> => {
    try {
      const { outcome, facts: more } = await runJob(job, options, signal);
      note({ outcome });
      const write = 'error' in more ? log.error : log.info;
      write(`Job ${outcome}`, { outcome, ...more, ...facts() });
      return outcome;
    } catch (thrown) {
      const error = asEditError(thrown);
      const { code, kind, message, retryAfterMs, details } = error;
      const write = kind === 'passing' ? log.warn : log.error;
      const reported = kind === 'bug' ? { error } : {};
      const state = { outcome: 'put-off', code, kind, retryAfterMs };
      write(`Job put off: ${message}`, { ...details, ...state, ...facts(), ...reported });
      throw thrown;
    }
  };
  return trace('job', run, { job: job.id });
}
