import { EditError } from '../../errors.ts';
import { assertSameSize, assertShape, type Mask, type Raster } from '../../pixels/raster.ts';
import type { EngineCodec, InpaintEngine, InpaintReply, InpaintRequest } from '../engine.ts';
import type { Picture } from './complete.ts';
import { completeInWorker, startSpare } from './run.ts';

interface PatchmatchOptions {
  readonly codec: EngineCodec;
}

/** Larger crops take longer than people wait, for detail the compositor resamples anyway. */
const maxSidePx = 1024;
const defaultSeed = 1;

/**
 * The embedded engine: removes what is masked by continuing the picture around it. The same seed gives the
 * same pixels, and each further sample takes the next seed; pixels outside the mask come back as they were
 * sent.
 */
export function patchmatchEngine({ codec }: PatchmatchOptions): InpaintEngine {
  return {
    name: 'patchmatch',
    frames: { kind: 'free', maxSidePx },
    prepare: startSpare,
    async inpaint(request, signal): Promise<InpaintReply> {
      const picture = pictureOf(request);
      const first = request.seed ?? defaultSeed;
      const seeds = Array.from({ length: request.samples }, (_, n) => first + n);
      const filled = await completeInWorker({ picture, seeds }, signal);
      const { width, height } = picture;
      const outcomes = await Promise.all(
        filled.map(async (data) => ({
          kind: 'image' as const,
          image: await codec.encode({ width, height, channels: 3, data }),
        })),
      );
      return { outcomes, warnings: [], calls: 0 };
    },
  };
}

function pictureOf({ crop, mask }: InpaintRequest): Picture {
  if (mask === undefined) throw new EditError('MASK_MISSING', 'Expected a mask, got none');
  assertFits(crop, mask);
  return { width: crop.width, height: crop.height, rgb: Uint8Array.from(crop.data), mask: mask.data };
}

function assertFits(crop: Raster, mask: Mask): void {
  assertShape(crop);
  assertShape(mask);
  assertSameSize(crop, mask);
  if (crop.channels !== 3 || !(crop.data instanceof Uint8Array)) {
    throw new EditError(
      'SHAPE_MISMATCH',
      `Expected 8 bit RGB, got ${crop.channels} channels of ${crop.data.BYTES_PER_ELEMENT} bytes`,
    );
  }
  if (Math.max(crop.width, crop.height) > maxSidePx) {
    throw new EditError(
      'SHAPE_MISMATCH',
      `Expected at most ${maxSidePx} pixels on the longer side, got ${crop.width} x ${crop.height}`,
    );
  }
}
