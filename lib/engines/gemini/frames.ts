import type { Size } from '../../pixels/raster.ts';
import { type AspectRatio, aspectRatios, type ImageSize, imageSizes } from '../../requests/values.ts';

/**
 * Answer pixels at 1K by nominal ratio; 2K doubles them, 4K quadruples them. The nominal ratio is not the
 * ratio of the pixels (3:2 is 1264 : 848 = 1.4906), and a crop must have that of the pixels.
 */
const pixelsAt1K: Readonly<Record<AspectRatio, readonly [width: number, height: number]>> = {
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
};

const scaleOf: Readonly<Record<ImageSize, number>> = { '1K': 1, '2K': 2, '4K': 4 };

export interface GeminiFrame extends Size {
  readonly aspectRatio: AspectRatio;
  readonly imageSize: ImageSize;
}

/** Every size a model answers in, small sizes first: the first that covers a crop is the cheapest. */
export function geminiFrames(sizes: readonly ImageSize[]): readonly GeminiFrame[] {
  return imageSizes
    .filter((size) => sizes.includes(size))
    .flatMap((imageSize) =>
      aspectRatios.map((aspectRatio) => {
        const [width, height] = pixelsAt1K[aspectRatio];
        const scale = scaleOf[imageSize];
        return { aspectRatio, imageSize, width: width * scale, height: height * scale };
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
