import type { InpaintEngine, InpaintReply } from '../../engines/engine.ts';
import { asEditError, EditError, type ErrorCode } from '../../errors.ts';
import type { Log } from '../../log.ts';

interface BreakerOptions {
  readonly now: () => number;
  readonly log: Log;
}

/** Every call would fail in the same way until the operator changes the deployment. */
const opening: ReadonlySet<ErrorCode> = new Set(['MODEL_RETIRED', 'MODEL_PERMISSION']);
const refusals: ReadonlySet<ErrorCode> = new Set(['ENGINE_REFUSED', 'ENGINE_FILTERED']);

/** So many refusals in a row have another cause than the pictures. */
const stormLength = 20;
const openMs = 5 * 60_000;

/**
 * An engine that makes no calls for a while when calls are of no use: the model is gone, a permission is
 * missing, or the model refuses one picture after the other, which would turn a whole bucket into error
 * files. Afterwards it lets one call through as a probe, and no second one beside it.
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

  function countError(error: EditError): void {
    if (opening.has(error.code)) trip(error);
    refused = refusals.has(error.code) ? refused + 1 : 0;
    if (refused < stormLength) return;
    trip(new EditError('POLICY_STORM', `Expected pictures, got ${refused} refusals in a row`));
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
        return reply;
      } catch (thrown) {
        // Without a new reason to stay open, the next call is a probe.
        if (probed !== undefined) probed.untilMs = now();
        countError(asEditError(thrown));
        throw thrown;
      }
    },
  };
}
