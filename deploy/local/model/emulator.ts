import { listen, stop, urlOf } from '../loopback.ts';
import { type BatchEnd, batchesOf } from './batch.ts';
import { patchmatchRemoval, type Removal } from './painting.ts';
import { type AnswerCall, answerWell, serve } from './server.ts';
import { objectsOf } from './tools.ts';

export interface ModelEmulatorOptions {
  /** Answers removals; the embedded engine does when left out. */
  readonly removal?: Removal | undefined;
  /** Where `gs://` pictures are read from and `storageUri` is written to. */
  readonly storageBaseUrl?: string | undefined;
  /** Scales every answer but enlargements: 1 (default) is what the models give; tests use less. */
  readonly scale?: number | undefined;
  /** How batches end, `undefined` while they do not; well when left out. */
  readonly batchEnd?: (() => BatchEnd | undefined) | undefined;
  /** Answers each call; tests hand in one that misbehaves. */
  readonly answerCall?: AnswerCall | undefined;
  readonly log?: ((line: string) => void) | undefined;
}

export interface ModelEmulator {
  /** `http://127.0.0.1:port`, to be set as `MODEL_BASE_URL`. */
  readonly url: string;
  /** Stops at once, and breaks calls that wait for an answer. */
  close(): Promise<void>;
}

/**
 * The model APIs on this machine, loopback only: `:predict` of Imagen 3 and 2 (edit, generate, upscale),
 * `:generateContent` of the Gemini image models, `:predict` of a self-deployed endpoint, and `/remove` of a
 * removal service. Requests the service would refuse are refused; answers have the sizes, shapes and small
 * infidelities of real ones.
 */
export async function startModelEmulator(options: ModelEmulatorOptions = {}): Promise<ModelEmulator> {
  const { removal = patchmatchRemoval, scale = 1, storageBaseUrl, log = () => {} } = options;
  const server = await listen(0);
  const tools = { removal, scale, ...objectsOf(storageBaseUrl) };
  const batches = batchesOf(tools, options.batchEnd ?? (() => 'SUCCEEDED'));
  serve(server, { tools, batches, answerCall: options.answerCall ?? answerWell, log });
  return { url: urlOf(server), close: () => stop(server) };
}
