import type { z } from 'zod';
import type { ImageField, outputOptionsField } from './fields.ts';

export interface AutomaticMaskOrder {
  readonly kind: 'background' | 'foreground' | 'semantic';
  readonly classes: readonly number[];
}

/** An image and the place in the body it stands at, for refusals. */
export interface PlacedImage {
  readonly value: ImageField;
  readonly field: string;
}

/** What shapes the list of predictions, whatever they show. */
export interface ReplyParameters {
  readonly sampleCount: number;
  readonly includeRaiReason: boolean;
  readonly includeSafetyAttributes?: boolean | undefined;
  readonly outputOptions?: z.output<typeof outputOptionsField> | undefined;
  readonly storageUri?: string | undefined;
}

/** An edit as both Imagen bodies ask for it; exactly one of `mask` and `automatic` is there. */
export interface EditOrder {
  readonly mode: 'removal' | 'insertion';
  readonly image: PlacedImage;
  readonly mask: PlacedImage | undefined;
  readonly automatic: AutomaticMaskOrder | undefined;
  /** Fraction of the width. */
  readonly dilation: number;
  readonly parameters: ReplyParameters;
}
