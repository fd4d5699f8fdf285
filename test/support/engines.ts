import type { InpaintEngine, InpaintRequest } from '../../lib/engines/engine.ts';
import { engineCodec } from '../../lib/formats/vips/engine-codec.ts';
import type { Raster } from '../../lib/pixels/raster.ts';

/** What a model makes of a crop; `undefined`: nothing that is an image. */
export type Paint = (request: InpaintRequest) => Raster | undefined;

/** An engine that answers by a function, and keeps what it was asked. */
export function paintEngine(paint: Paint, changes: Partial<InpaintEngine> = {}) {
  const requests: InpaintRequest[] = [];
  const engine: InpaintEngine = {
    name: 'paint',
    frames: { kind: 'free', maxSidePx: 1024 },
    async inpaint(request) {
      requests.push(request);
      const painted = paint(request);
      const outcome =
        painted === undefined
          ? ({ kind: 'refused', reason: 'declined' } as const)
          : ({ kind: 'image', image: await engineCodec.encode(painted) } as const);
      return { outcomes: [outcome], warnings: [], calls: 0 };
    },
    ...changes,
  };
  return { engine, requests };
}

/** Paints the masked area in one grey and leaves the rest as it was sent. */
export const greyPaint: Paint = ({ crop, mask }) => {
  const data = Uint8Array.from(crop.data);
  mask?.data.forEach((value, p) => {
    if (value > 0) data.fill(128, p * 3, p * 3 + 3);
  });
  return { ...crop, data };
};
