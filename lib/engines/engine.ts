import type { Mask, Raster, Size } from '../pixels/raster.ts';
import type { OptionValues } from '../requests/schema.ts';
import type { Usage } from './usage.ts';

export type InpaintMode = 'removal' | 'insertion';

/** Encoded bytes as a model API takes and gives them. */
export interface EncodedImage {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}

/** The sizes a model answers in. The planner grows each crop to the exact ratio of one of them. */
export type Frames =
  /** Any ratio; the longer side at most this many pixels. */
  | { readonly kind: 'free'; readonly maxSidePx: number }
  /** Only these sizes, in pixels of the answer. */
  | { readonly kind: 'fixed'; readonly sizes: readonly Size[] };

const againSuffix = '.again';

/** The key of a second try: its reply is kept beside the first. */
export const againKey = (key: string): string => `${key}${againSuffix}`;

/** The key that a call is counted under: both tries share one budget. */
export const budgetKey = (key: string): string =>
  key.endsWith(againSuffix) ? key.slice(0, -againSuffix.length) : key;

/** What is to be masked, where nobody sends a mask; `interactive`: what a rough stroke touches. */
export interface AutomaticMask {
  readonly mode: 'background' | 'foreground' | 'semantic' | 'people' | 'prompt' | 'interactive';
  /** Class ids 0..193, 1 to 5 of them, for `semantic` only. */
  readonly classes: readonly number[] | undefined;
  /** Free words, for `prompt` only. */
  readonly words?: string | undefined;
  /** As large as the picture, 255 = the stroke; for `interactive` only. */
  readonly scribble?: Mask | undefined;
}

export interface ReplyFormat {
  readonly mediaType: 'image/png' | 'image/jpeg';
  /** JPEG only, 0..100. */
  readonly quality: number | undefined;
}

/**
 * What a model is asked for: the options that go to engines, see `lib/requests/options.ts`, and what depends
 * on the pictures. Every option is present and may be `undefined`, so that an adapter cannot forget one.
 * Which options an engine takes stands in its capabilities.
 *
 * `maskDilation` is a fraction of the crop's width, 0..1, and given only where the API grows the mask itself.
 */
export interface InpaintRequest extends OptionValues<'edit'> {
  /**
   * Names this call within its edit, stable over retries: `r0`, `r1`, ... one for each region, and `r0.again`
   * for its second try.
   */
  readonly key: string;
  /** The job that asks, where one does. No adapter needs it. */
  readonly job?: string | undefined;
  readonly mode: InpaintMode;
  /**
   * H x W x 3, 8 bit sRGB, in one of the engine's frames. For an engine that takes own colours: H x W x 1 to
   * 4, 8 bit, the samples of the picture as they are.
   */
  readonly crop: Raster;
  /** H x W x 1, 0 or 255, already dilated. `undefined` only with `automaticMask`. */
  readonly mask: Mask | undefined;
  readonly automaticMask: AutomaticMask | undefined;
  /** Shadows and reflections of what is in the mask may change beside it too. */
  readonly includesEffects?: true | undefined;
  /** H x W x 1, above 0 where nothing is copied from; only for engines that avoid it. */
  readonly avoid?: Mask | undefined;
  /** How the model encodes its answer; lossless PNG when `undefined`. */
  readonly replyFormat: ReplyFormat | undefined;
  /**
   * What an answer with the channels of the crop would cost, levels, of its size or smaller; less is better,
   * and infinite is not usable. An embedded engine makes several answers and returns the best ones.
   */
  readonly judge?: ((answer: Raster) => number) | undefined;
  /** An embedded engine tells the share of its work that is done, 0..1, rising. */
  readonly onProgress?: ((share: number) => void) | undefined;
}

/** A request without the pixels of its crop. */
export type CheckedRequest = Omit<InpaintRequest, 'crop'>;

/** What a mask shows, and how sure its finder is, 0..1; `undefined` where it does not say. */
export interface MaskLabel {
  readonly label: string;
  readonly score?: number | undefined;
}

/** One candidate: an image, or the reason why there is none. Outcomes are data, not exceptions. */
export type InpaintOutcome =
  /** `labels`: what a finder of masks saw in it, 0..1 sure. */
  | { readonly kind: 'image'; readonly image: EncodedImage; readonly labels?: readonly MaskLabel[] }
  /**
   * `filtered`: a safety filter removed it, the reason is its category. `refused`: the model declined.
   * `unusable`: what came cannot be read as a picture; another try may bring one.
   */
  | { readonly kind: 'filtered' | 'refused' | 'unusable'; readonly reason: string };

/** Scores of the safety categories of the prompt or of one image, as the API gives them. */
export interface SafetyAttributes {
  /** What was judged: `image`, or the name the API gives, e.g. `Positive Prompt`. */
  readonly of: string;
  readonly scores: Readonly<Record<string, number>>;
}

export interface InpaintReply {
  readonly outcomes: readonly InpaintOutcome[];
  /** A sentence for every option that was left out or adjusted. */
  readonly warnings: readonly string[];
  /** HTTP calls made to the model API, retries included; 0 for an embedded engine. */
  readonly calls: number;
  /** Pictures that an embedded engine made to choose from. */
  readonly made?: number;
  readonly safety?: readonly SafetyAttributes[];
  /** Only where the service tells it of every call. */
  readonly usage?: Usage;
}

/** What a batch has for one call: an answer of the service, or its words about why there is none. */
export type BatchAnswer = { readonly response: unknown } | { readonly fault: string };

/** An engine whose calls may be sent in bulk, and are answered within a day at half the price. */
export interface BatchSide {
  readonly model: string;
  /** Where it is asked. */
  readonly location: string;
  /** The body of one call; each candidate is a call of its own. */
  bodyOf(request: InpaintRequest): Promise<unknown>;
  /**
   * The reply that `inpaint` would give for these answers, one for each call.
   * @throws {EditError} as `inpaint`.
   */
  replyOf(request: InpaintRequest, answers: readonly BatchAnswer[]): InpaintReply;
}

/** An answer that is smaller than the picture it belongs to. */
export interface Enlarging {
  /** What was asked. */
  readonly request: InpaintRequest;
  /** It has the size and the channels of the request's crop. */
  readonly answer: Raster;
  /** The crop at the size of the picture, 8 bit, with the same channels. */
  readonly whole: Raster;
}

/**
 * A model that repaints part of a picture. It may return any size and may change pixels outside the
 * mask: callers never trust it there.
 */
export interface InpaintEngine {
  /** For logs and manifests, e.g. `patchmatch` or `gemini:gemini-nano-banana-2.1`. */
  readonly name: string;
  readonly frames: Frames;
  /** True when the API grows the mask by `maskDilation`; else callers send a grown mask. */
  readonly dilatesMask?: boolean;
  /**
   * True when the engine only copies from the crop: it receives the picture's own colours (grey, RGB or CMYK,
   * and alpha where not all is opaque) and answers in them, in a lossless file. Else it sees and answers
   * sRGB.
   */
  readonly takesOwnColours?: boolean;
  /** True when the engine copies from the crop, and takes `avoid`. */
  readonly avoids?: boolean;
  /** Called when an edit begins, so that what takes time to start is ready for the crop. Never fails. */
  prepare?(): void;
  /**
   * Checks what `inpaint` would refuse before anything is sent.
   *
   * @returns a sentence for each option that would be left out.
   * @throws {EditError} `ENGINE_UNSUPPORTED`, `MASK_MISSING`, `REQUEST_INVALID`.
   */
  check?(request: CheckedRequest): readonly string[];
  /**
   * At least one outcome of the reply is an image: when none is, the engine throws.
   * @throws {EditError} before anything is sent: `ENGINE_UNSUPPORTED`, `REQUEST_INVALID`;
   *   after: `ENGINE_FILTERED`, `ENGINE_REFUSED`, `ENGINE_EMPTY`, `ENGINE_REJECTED`, `MODEL_*`,
   *   `DEADLINE_EXCEEDED`, `CANCELLED`.
   */
  inpaint(request: InpaintRequest, signal: AbortSignal): Promise<InpaintReply>;
  readonly batch?: BatchSide;
  /**
   * Brings an answer to the size of the picture, with detail of the picture itself: for engines that only
   * copy.
   * @throws {EditError} `DEADLINE_EXCEEDED`, `CANCELLED`.
   */
  enlarge?(enlarging: Enlarging, signal: AbortSignal): Promise<Raster>;
}

/** How an adapter turns pixels into bytes; injected, since only `lib/formats/vips` may touch sharp. */
export interface EngineCodec {
  /** Encodes losslessly as PNG, or as JPEG when the PNG would exceed `maxBytes`. */
  encode(raster: Raster, options?: { readonly maxBytes?: number }): Promise<EncodedImage>;
}
