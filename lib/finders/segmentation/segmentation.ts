import type { EncodedImage, InpaintEngine } from '../../engines/engine.ts';
import { EditError } from '../../errors.ts';
import { luma, type Mask, type Raster } from '../../pixels/raster.ts';
import { resizeTo } from '../../pixels/resample.ts';
import type { FinderCodec, MaskFinder } from '../finder.ts';
import { findingRequest } from '../finding-request.ts';

/** Masks of this model follow the edges that can be seen in the picture that was sent. */
const edgePx = 0;

/** Finds by a model that answers with masks, see `model.ts` in this folder. */
export function segmentationFinder(model: InpaintEngine, codec: FinderCodec): MaskFinder {
  return {
    name: model.name,
    async find(request, signal) {
      const reply = await model.inpaint(findingRequest(request.picture, request), signal);
      const images = reply.outcomes.flatMap((outcome) => (outcome.kind === 'image' ? [outcome] : []));
      const masks = await Promise.all(
        images.map(async ({ image, labels = [] }) => ({
          mask: await maskOf(image, request.picture, codec),
          labels,
        })),
      );
      return { masks, edgePx, warnings: reply.warnings, calls: reply.calls };
    },
  };
}

/** How far the ratio of a mask may be from that of the picture: by the pixel that its size was rounded to. */
const maxStretch = 1.02;

/** @throws {EditError} `ENGINE_BAD_REPLY` for a mask of another shape. */
async function maskOf(image: EncodedImage, { width, height }: Raster, codec: FinderCodec): Promise<Mask> {
  const decoded = await codec.decode(image);
  const stretch = (decoded.width * height) / (decoded.height * width);
  if (Math.max(stretch, 1 / stretch) > maxStretch) {
    throw new EditError(
      'ENGINE_BAD_REPLY',
      `Expected a mask of ${width} x ${height} or the same aspect, got ${decoded.width} x ${decoded.height}`,
    );
  }
  const levels = luma(resizeTo(decoded, { width, height })).data;
  const data = new Uint8Array(levels.length);
  for (let p = 0; p < data.length; p++) data[p] = Math.round(levels[p]!);
  return { width, height, channels: 1, data };
}
