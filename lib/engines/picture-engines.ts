import type { EngineOptions } from '../requests/schema.ts';
import type { EncodedImage, InpaintOutcome, SafetyAttributes } from './engine.ts';
import type { StoredOutcome } from './imagen/predictions.ts';

/** How an answer is encoded; the media types beyond PNG and JPEG are taken by some models only. */
export interface PictureFormat {
  readonly mediaType: string;
  /** JPEG only, 0..100. */
  readonly quality: number | undefined;
}

/** Text to image. Every option is present and may be `undefined`, so that an adapter cannot forget one. */
export interface GenerateRequest extends EngineOptions<'generate'> {
  readonly replyFormat: PictureFormat | undefined;
}

export interface UpscaleRequest extends EngineOptions<'upscale'> {
  /** Bytes, or the `gs://` address of an object. */
  readonly image: EncodedImage | { readonly uri: string };
  readonly replyFormat: PictureFormat | undefined;
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
}

export interface Generator {
  readonly name: string;
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
