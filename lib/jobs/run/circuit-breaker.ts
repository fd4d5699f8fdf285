import type { InpaintEngine } from '../../engines/engine.ts';
import { asEditError, EditError, type ErrorCode } from '../../errors.ts';
import type { Log } from '../../log.ts';

interface BreakerOptions {
  readonly now: () => number;
  readonly log: Log;
}

/** Every call would end the same way until somebody mends the deployment. */
const opening: ReadonlySet<ErrorCode> = new Set(['MODEL_RETIRED', 'MODEL_PERMISSION']);
const refusals: ReadonlySet<ErrorCode> = new Set(['ENGINE_REFUSED', 'ENGINE_FILTERED']);

/** So many refusals one after the other are no accident of the pictures. */
const stormLength = 20;
const openMs = 5 * 60_000;

/**
 * An engine that stops asking for a while when asking is of no use: a model that is gone, a right that was
 * taken away, or one refusal after the other, which would turn a whole bucket into error files. Afterwards
 * one call, and no second one beside it, is let through to see.
 *
 * @throws {EditError} what opened the circuit, `retryAfterMs` set; else what the engine throws.
 */
export function circuitBreaker(engine: InpaintEngine, { now, log }: BreakerOptions): InpaintEngine {
  let open: { readonly error: EditError; untilMs: number } | undefined;
  let refused = 0;

  function trip(error: EditError): void {
    open = { error, untilMs: now() + openMs };
    log.error(`Circuit open: ${error.message}`, { code: error.code, engine: engine.name, forMs: openMs });
  }

  return {
    ...engine,
    async inpaint(request, signal) {
      if (open !== undefined && now() < open.untilMs) {
        const { code, message } = open.error;
        throw new EditError(code, message, { retryAfterMs: open.untilMs - now() });
      }
      // The others wait for what this one finds.
      const tried = open;
      if (tried !== undefined) tried.untilMs = now() + openMs;
      try {
        const reply = await engine.inpaint(request, signal);
        open = undefined;
        refused = 0;
        return reply;
      } catch (thrown) {
        const error = asEditError(thrown);
        // Neither open nor closed for sure: the next call may see.
        if (tried !== undefined) tried.untilMs = now();
        if (opening.has(error.code)) trip(error);
        refused = refusals.has(error.code) ? refused + 1 : 0;
        if (refused >= stormLength) {
          trip(new EditError('POLICY_STORM', `Expected pictures, got ${refused} refusals in a row`));
        }
        throw thrown;
      }
    },
  };
}
