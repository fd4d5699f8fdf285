import { type Clock, systemClock } from '../clock.ts';
import { listen, stop, urlOf } from '../loopback.ts';
import { type Behaviour, behaviourPlan } from './behaviour.ts';
import { callLog, type ModelCall } from './call-log.ts';
import { objectsOf } from './objects.ts';
import { patchmatchRemoval, type Removal } from './removal.ts';
import { serve } from './server.ts';

export interface ModelEmulatorOptions {
  /** A free one when left out. */
  readonly port?: number | undefined;
  /** How removals are answered; by the embedded engine when left out. */
  readonly removal?: Removal | undefined;
  /** Where `gs://` pictures are read from and `storageUri` is written to. */
  readonly storageBaseUrl?: string | undefined;
  /** Scales every answer but enlargements: 1 (default) is what the models give; tests use less. */
  readonly scale?: number | undefined;
  readonly clock?: Clock | undefined;
  /** Sees each body as it came; for tests that compare requests. */
  readonly onRequest?: ((path: string, body: unknown) => void) | undefined;
  readonly log?: ((line: string) => void) | undefined;
}

export interface ModelEmulator {
  /** `http://127.0.0.1:port`, to be set as `MODEL_BASE_URL`. */
  readonly url: string;
  /** For the next `times` calls; for all calls from now on when left out. */
  behave(behaviour: Behaviour, times?: number): void;
  calls(): readonly ModelCall[];
  /** Well-behaved again, and no calls remembered. */
  reset(): void;
  /** Stops at once, hanging calls too. */
  close(): Promise<void>;
}

/**
 * The model APIs on this machine, loopback only: `:predict` of Imagen 3 and 2 (edit, generate, upscale),
 * `:generateContent` of the Gemini image models, and `:predict` of a self-deployed endpoint. Requests
 * the service would refuse are refused; answers have the sizes, shapes and small infidelities of real ones.
 */
export async function startModelEmulator(options: ModelEmulatorOptions = {}): Promise<ModelEmulator> {
  const { removal = patchmatchRemoval, scale = 1, clock = systemClock, storageBaseUrl } = options;
  const server = await listen(options.port ?? 0);
  const [plan, log] = [behaviourPlan(), callLog()];
  serve(server, {
    tools: { removal, scale, ...objectsOf(storageBaseUrl) },
    plan,
    log,
    clock,
    onRequest: options.onRequest ?? (() => {}),
    print: options.log ?? (() => {}),
  });
  return {
    url: urlOf(server),
    behave: plan.set,
    calls: log.calls,
    reset: () => {
      plan.reset();
      log.clear();
    },
    close: () => stop(server),
  };
}
