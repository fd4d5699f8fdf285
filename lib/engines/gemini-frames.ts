import type { Size } from '../pixels/raster.ts';
import { type AspectRatio, type ImageSize, imageSizes, usualRatios } from '../requests/values.ts';
import type { ModelEntry } from './model-entry.ts';

type Pixels = Readonly<Partial<Record<AspectRatio, readonly [width: number, height: number]>>>;

/**
 * Answer pixels at 1K by nominal ratio; 2K doubles them, 4K quadruples them. The nominal ratio is not the
 * ratio of the pixels (3:2 is 1264 : 848 = 1.4906), and a crop must have that of the pixels.
 *
 * @see https://ai.google.dev/gemini-api/docs/image-generation#aspect_ratios_and_image_size
 */
const pixelsAt1K: Readonly<Record<'gemini-2.5' | 'gemini-3', Pixels>> = {
  'gemini-3': {
    '1:1': [1024, 1024],
    '2:3': [848, 1264],
    '3:2': [1264, 848],
    '3:4': [896, 1200],
    '4:3': [1200, 896],
    '4:5': [928, 1152],
    '5:4': [1152, 928],
    '9:16': [768, 1376],
    '16:9': [1376, 768],
    '21:9': [1584, 672],
    '1:4': [512, 2048],
    '4:1': [2048, 512],
    '1:8': [384, 3072],
    '8:1': [3072, 384],
  },
  'gemini-2.5': {
    '1:1': [1024, 1024],
    '2:3': [832, 1248],
    '3:2': [1248, 832],
    '3:4': [864, 1184],
    '4:3': [1184, 864],
    '4:5': [896, 1152],
    '5:4': [1152, 896],
    '9:16': [768, 1344],
    '16:9': [1344, 768],
    '21:9': [1536, 672],
  },
};

const scaleOf: Readonly<Record<ImageSize, number>> = { '1K': 1, '2K': 2, '4K': 4 };

export interface GeminiFrame extends Size {
  readonly aspectRatio: AspectRatio;
  readonly imageSize: ImageSize;
}

type Sizes = Pick<ModelEntry, 'imageSizes' | 'aspectRatios' | 'answerPixels'>;

/**
 * Every size a model answers in, small sizes first: the first that covers a crop is the cheapest. A model
 * that nobody has described has the usual ones.
 */
export function geminiFrames(model: Sizes = {}): readonly GeminiFrame[] {
  const { imageSizes: sizes = imageSizes, aspectRatios = usualRatios, answerPixels = 'gemini-3' } = model;
  return imageSizes
    .filter((size) => sizes.includes(size))
    .flatMap((imageSize) =>
      aspectRatios.flatMap((aspectRatio) => {
        const pixels = pixelsAt1K[answerPixels][aspectRatio];
        if (pixels === undefined) return [];
        const scale = scaleOf[imageSize];
        return { aspectRatio, imageSize, width: pixels[0] * scale, height: pixels[1] * scale };
      }),
    );
}

/**
 * The frame to ask for: among those with the ratio nearest to the crop's, the smallest that covers it, or the
 * largest when none does.
 */
export function frameFor(crop: Size, frames: readonly GeminiFrame[]): GeminiFrame {
  const distance = (frame: Size) =>
    Math.abs(Math.log((frame.width * crop.height) / (frame.height * crop.width)));
  const nearest = Math.min(...frames.map(distance));
  const alike = frames.filter((frame) => distance(frame) === nearest);
  const covering = alike.find(({ width, height }) => width >= crop.width && height >= crop.height);
  return covering ?? alike.at(-1)!;
}
