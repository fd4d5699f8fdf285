import type { Patience } from './calls/in-time.ts';
import type { Capabilities } from './capabilities.ts';
import type { EngineCodec, InpaintEngine } from './engine.ts';
import type { HttpService } from './http-service.ts';
import type { ModelTable } from './model-entry.ts';
import type { Generator, Upscaler } from './picture-engines.ts';
import type { ModelTier } from './usage.ts';
import type { RefusedFields } from './vertex/tolerant-post.ts';
import type { VertexOptions } from './vertex/vertex.ts';

/** Settings as they stand in the environment: `LOCATION`, `MODEL_BASE_URL`, ... */
export interface ModelSettings {
  readonly project: string | undefined;
  readonly location: string | undefined;
  readonly modelBaseUrl: string | undefined;
  readonly endpointId: string | undefined;
  /** `standard` when left out. */
  readonly modelTier?: ModelTier;
  readonly httpEngine?: HttpService | undefined;
  readonly httpEngineSecret?: string | undefined;
  /** `ONNX_MODEL` and what belongs to it. */
  readonly onnx?: {
    readonly model: string | undefined;
    readonly sha256: string | undefined;
    readonly outputScale: 1 | 255 | undefined;
  };
  /** The `MODELS` setting: entries that replace or add to the table of models. */
  readonly models: ModelTable;
}

/**
 * Reads an object; `undefined` when there is none. `check` sees its size before its bytes are read, and may
 * throw.
 */
export type ReadObject = (
  id: { readonly bucket: string; readonly name: string; readonly generation: string | undefined },
  check: (sizeBytes: number) => void,
) => Promise<Uint8Array | undefined>;

/** How models are called, whichever they are. */
export interface Tuning extends Pick<VertexOptions, 'fetch' | 'authorize' | keyof Patience> {
  /** HTTP calls one candidate may take; what the engine declares when `undefined`. */
  readonly maxCallsPerSample?: number | undefined;
  /** Calls at a time for the candidates of one request; what the engine thinks best when `undefined`. */
  readonly concurrency?: number | undefined;
  /** What models refused so far; each engine keeps its own when `undefined`. */
  readonly refusedFields?: RefusedFields | undefined;
  /** Reads the file of a model from a bucket. */
  readonly readObject?: ReadObject | undefined;
}

/** What a model is called with. */
export interface ModelOptions {
  /** The id of the model or endpoint; the engine's default when `undefined`. */
  readonly model: string | undefined;
  readonly settings: ModelSettings;
  readonly tuning: Tuning;
  readonly maxCallsPerSample: number;
}

export interface EngineOptions extends ModelOptions {
  readonly codec: EngineCodec;
}

/**
 * One engine of the table: what it can do, and how it is made. Entries are loaded with the configuration, so
 * they are plain data; each `make` imports what it needs when it is called, and throws `CONFIG_INVALID`
 * naming the setting that is missing or wrong.
 */
export interface EngineEntry {
  readonly capabilities: Capabilities;
  readonly make: (options: EngineOptions) => Promise<InpaintEngine>;
  /** The price of one call, where the settings have it instead of the table of models. */
  readonly usdPerCall?: (settings: ModelSettings) => number | undefined;
  readonly makeGenerator?: (options: ModelOptions) => Promise<Generator>;
  readonly makeUpscaler?: (options: ModelOptions) => Promise<Upscaler>;
  /** True when `MODEL` is also the model of text to image and upscaling, not only that of edits. */
  readonly hasOneModel?: boolean;
}
