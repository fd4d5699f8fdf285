import type { InpaintEngine, InpaintReply, InpaintRequest } from '../../engines/engine.ts';
import { asEditError, EditError, type ErrorCode } from '../../errors.ts';
import type { Log } from '../../log.ts';

interface BreakerOptions {
  readonly now: () => number;
  readonly log: Log;
}

/** Every call would fail in the same way until the operator changes the deployment. */
const opening: ReadonlySet<ErrorCode> = new Set(['MODEL_RETIRED', 'MODEL_PERMISSION', 'MODEL_INCOMPATIBLE']);
const refusals: ReadonlySet<ErrorCode> = new Set(['ENGINE_REFUSED', 'ENGINE_FILTERED']);

/** So many refusals in a row have another cause than the pictures. */
const stormLength = 20;
/** So many jobs that are rejected with one sentence: it is not about their files. */
const rejectedJobs = 5;
/** A mend shows soon; a probe of what is broken costs nothing. */
const openMs = 30_000;
/** The probe of a storm of refusals may be billed, and ends its job. */
const stormOpenMs = 5 * 60_000;
/** An alert stays open as long as lines come. */
const tellEveryMs = 5 * 60_000;

/**
 * An engine that makes no calls for a while when calls are of no use: the model is gone, a permission is
 * missing, the model does not take what it is sent, or it refuses one picture after the other, which would
 * turn a whole bucket into error files. Afterwards it lets one call through as a probe, and no second one
 * beside it.
 *
 * @throws {EditError} what opened the circuit, `retryAfterMs` set; else what the engine throws.
 */
export function circuitBreaker(engine: InpaintEngine, { now, log }: BreakerOptions): InpaintEngine {
  let open: { readonly error: EditError; untilMs: number; readonly toldMs: number } | undefined;
  let refused = 0;
  let rejected = { sentence: '', jobs: new Set<string | undefined>() };

  function trip(error: EditError): void {
    const forMs = error.code === 'POLICY_STORM' ? stormOpenMs : openMs;
    const isTold = open?.error.message === error.message && now() - open.toldMs < tellEveryMs;
    if (!isTold)
      log.error(`Circuit open: ${error.message}`, { code: error.code, engine: engine.name, forMs });
    open = { error, untilMs: now() + forMs, toldMs: isTold && open !== undefined ? open.toldMs : now() };
  }

  /** What the job is told: a rejection that many jobs meet is not theirs. */
  function counted(error: EditError, { job }: InpaintRequest): EditError {
    if (opening.has(error.code)) trip(error);
    refused = refusals.has(error.code) ? refused + 1 : 0;
    if (refused >= stormLength)
      trip(new EditError('POLICY_STORM', `Expected pictures, got ${refused} refusals in a row`));
    if (error.code !== 'ENGINE_REJECTED') return error;
    if (rejected.sentence !== error.message) rejected = { sentence: error.message, jobs: new Set() };
    rejected.jobs.add(job);
    if (rejected.jobs.size < rejectedJobs) return error;
    const message = `Expected pictures, got ${rejectedJobs} jobs in a row rejected alike: ${error.message}`;
    const storm = new EditError('REJECTION_STORM', message, { cause: error, billing: error.billing });
    trip(storm);
    return storm;
  }

  return {
    ...engine,
    async inpaint(request, signal): Promise<InpaintReply> {
      const probed = open;
      if (probed !== undefined) {
        const { code, message } = probed.error;
        const retryAfterMs = probed.untilMs - now();
        if (retryAfterMs > 0) throw new EditError(code, message, { retryAfterMs });
        // This call is the probe: the others wait for its result.
        probed.untilMs = now() + openMs;
      }
      try {
        const reply = await engine.inpaint(request, signal);
        open = undefined;
        refused = 0;
        rejected = { sentence: '', jobs: new Set() };
        return reply;
      } catch (thrown) {
        // Without a new reason to stay open, the next call is a probe.
        if (probed !== undefined) probed.untilMs = now();
        throw counted(asEditError(thrown), request);
      }
    },
  };
}
