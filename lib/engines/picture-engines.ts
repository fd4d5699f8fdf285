import type { OptionValues } from '../requests/schema.ts';
import type { ImageSize } from '../requests/values.ts';
import type { EncodedImage, InpaintOutcome, SafetyAttributes } from './engine.ts';
import type { Usage } from './usage.ts';

/** How an answer is encoded. Only some models take media types beyond PNG and JPEG. */
export interface PictureFormat {
  readonly mediaType: string;
  /** JPEG only, 0..100. */
  readonly quality: number | undefined;
}

/** Text to image. Every option is present and may be `undefined`, so that an adapter cannot forget one. */
export interface GenerateRequest extends OptionValues<'generate'> {
  readonly replyFormat: PictureFormat | undefined;
}

export interface UpscaleRequest extends OptionValues<'upscale'> {
  /** Bytes, or the `gs://` address of an object. */
  readonly image: EncodedImage | { readonly uri: string };
  readonly replyFormat: PictureFormat | undefined;
}

/** A picture that was written to `storageUri` instead of being sent. */
export interface StoredOutcome {
  readonly kind: 'stored';
  readonly uri: string;
  readonly mediaType: string | undefined;
}

export type PictureOutcome = InpaintOutcome | StoredOutcome;

export interface PictureReply {
  readonly outcomes: readonly PictureOutcome[];
  /** The prompts the pictures were made from, where the model rewrote them. */
  readonly enhancedPrompts: readonly string[];
  readonly warnings: readonly string[];
  /** HTTP calls made to the model API, retries included. */
  readonly calls: number;
  readonly safety?: readonly SafetyAttributes[];
  /** Only where the service tells it of every call. */
  readonly usage?: Usage;
}

/** What a request for pictures would do. */
export interface PicturesPlan {
  readonly engine: string;
  readonly samples: number;
  /** `undefined` where it follows from the picture. */
  readonly imageSize: ImageSize | undefined;
  readonly warnings: readonly string[];
}

export type PlanPictures = (value: unknown) => Promise<PicturesPlan>;

export interface Generator {
  readonly name: string;
  /** As `InpaintEngine.check`. */
  check?(request: GenerateRequest): readonly string[];
  /** @throws {EditError} as `InpaintEngine.inpaint`. */
  generate(request: GenerateRequest, signal: AbortSignal): Promise<PictureReply>;
}

export interface Upscaler {
  /** Larger pictures are refused; callers make them smaller first. */
  readonly maxImageBytes: number;
  readonly name: string;
  /** @throws {EditError} as `InpaintEngine.inpaint`. */
  upscale(request: UpscaleRequest, signal: AbortSignal): Promise<PictureReply>;
}
