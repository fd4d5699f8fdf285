import type { EncodedImage, InpaintOutcome, SafetyAttributes } from './engine.ts';
import type { ImageSize } from './models.ts';

/** How an answer is encoded. Only some models take media types beyond PNG and JPEG. */
export interface PictureFormat {
  readonly mediaType: string;
  /** JPEG only, 0..100. */
  readonly quality: number | undefined;
}

/** Text to image. Every option is present and may be `undefined`, so that an adapter cannot forget one. */
export interface GenerateRequest {
  readonly prompt: string;
  readonly negativePrompt: string | undefined;
  readonly samples: number;
  readonly aspectRatio: string;
  readonly imageSize: ImageSize;
  /** Lets a language model rewrite the prompt; a seed has no effect then. */
  readonly enhancePrompt: boolean | undefined;
  readonly seed: number | undefined;
  readonly language: string | undefined;
  readonly personGeneration: string | undefined;
  readonly safetySetting: string | undefined;
  readonly addWatermark: boolean | undefined;
  readonly includeSafetyAttributes: boolean | undefined;
  readonly replyFormat: PictureFormat | undefined;
  /** `gs://bucket/prefix/`: the model writes its pictures there instead of answering with them. */
  readonly storageUri: string | undefined;
  readonly labels: Readonly<Record<string, string>> | undefined;
}

export type UpscaleFactor = 'x2' | 'x3' | 'x4';

export interface UpscaleRequest {
  /** Bytes, or the `gs://` address of an object. */
  readonly image: EncodedImage | { readonly uri: string };
  readonly factor: UpscaleFactor;
  readonly replyFormat: PictureFormat | undefined;
  readonly storageUri: string | undefined;
  readonly labels: Readonly<Record<string, string>> | undefined;
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
}

export interface Generator {
  readonly name: string;
  /** @throws {EditError} as `InpaintEngine.inpaint`. */
  generate(request: GenerateRequest, signal: AbortSignal): Promise<PictureReply>;
}

export interface Upscaler {
  readonly name: string;
  /** Larger pictures are refused; callers make them smaller first. */
  readonly maxImageBytes: number;
  /** @throws {EditError} as `InpaintEngine.inpaint`. */
  upscale(request: UpscaleRequest, signal: AbortSignal): Promise<PictureReply>;
}
