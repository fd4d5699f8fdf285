import { sampleBall, sampleColour, sampleSize } from '../../functions/studio/page/sample.ts';
import { sharp } from '../../lib/formats/vips/loaders.ts';
import type { Mask, Raster } from '../../lib/pixels/raster.ts';

const { width, height } = sampleSize;
const ball = sampleBall;

export interface DemoPair {
  readonly photo: Uint8Array;
  readonly mask: Uint8Array;
}

/** A beach with a ball on it, and a mask of ball and shadow. */
export async function demoPair(): Promise<DemoPair> {
  const photo = paintBeach();
  const mask = paintMask();
  const [jpeg, png] = await Promise.all([
    sharp(photo.data, { raw: { width, height, channels: 3 } })
      .jpeg({ quality: 92 })
      .withMetadata({ density: 300 })
      .toBuffer(),
    sharp(mask.data, { raw: { width, height, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toBuffer(),
  ]);
  return { photo: jpeg, mask: png };
}

function paintBeach(): Raster {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const colour = sampleColour(x, y);
      for (let c = 0; c < 3; c++)
        data[(y * width + x) * 3 + c] = Math.min(255, Math.max(0, Math.round(colour[c]!)));
    }
  }
  return { width, height, channels: 3, data };
}

/** A mask a little larger than what it covers, as people paint it. */
function paintMask(): Mask {
  const margin = 14;
  const data = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const isBall = Math.hypot(x - ball.x, y - ball.y) < ball.radius + margin;
      const isShadow =
        Math.hypot(
          (x - ball.x - 70) / (ball.radius * 1.5 + margin),
          (y - ball.y - ball.radius * 0.86) / (ball.radius * 0.3 + margin),
        ) < 1;
      if (isBall || isShadow) data[y * width + x] = 255;
    }
  }
  return { width, height, channels: 1, data };
}
