import { asEditError } from '../errors.ts';
import { inParallel } from '../in-parallel.ts';
import type { Answered } from './calls/in-time.ts';
import type { InpaintOutcome, InpaintReply } from './engine.ts';
import { requireImage } from './images.ts';

interface SampleOptions<T> {
  /** Named in errors. */
  readonly model: string;
  /** Calls the model once. */
  readonly post: () => Promise<Answered<T>>;
  readonly samples: number;
  /** Calls at a time. */
  readonly concurrency: number;
  /** Makes one candidate; each `send` is one more call, and is counted. */
  readonly ask: (send: () => Promise<T>) => Promise<readonly InpaintOutcome[]>;
}

/**
 * One call for each candidate. A call that fails does not throw away the pictures of the others: it becomes a
 * warning as long as there is one picture.
 *
 * @throws {EditError} the first failure, with the calls of all candidates, when there is no picture at all;
 *   what `requireImage` throws when every call was answered without one.
 */
export async function askForSamples<T>(
  { model, post, samples, concurrency, ask }: SampleOptions<T>,
  signal: AbortSignal,
): Promise<InpaintReply> {
  const warnings = new Set<string>();
  let calls = 0;
  let mayBeBilled = false;
  const send = async (): Promise<T> => {
    try {
      const answer = await post();
      calls += answer.calls;
      for (const warning of answer.warnings ?? []) warnings.add(warning);
      mayBeBilled = true;
      return answer.value;
    } catch (error) {
      const { billing } = asEditError(error);
      calls += billing?.calls ?? 0;
      mayBeBilled ||= billing?.mayBeBilled !== false;
      throw error;
    }
  };
  const tasks = Array.from({ length: samples }, () => () => ask(send));
  const results = await inParallel(tasks, concurrency);
  const answered = results.flatMap((result) => (result?.status === 'fulfilled' ? [result.value] : []));
  const outcomes = answered.flat();
  const failure = results.find((result) => result?.status === 'rejected');
  if (failure === undefined) {
    return { outcomes: requireImage(outcomes, { model, calls }), warnings: [...warnings], calls };
  }
  const error = asEditError(failure.reason);
  if (signal.aborted || !outcomes.some(({ kind }) => kind === 'image')) {
    throw error.withBilling({ calls, mayBeBilled });
  }
  const missing = samples - answered.length;
  warnings.add(`${missing} of ${samples} candidates are missing: ${error.code}.`);
  return { outcomes, warnings: [...warnings], calls };
}
