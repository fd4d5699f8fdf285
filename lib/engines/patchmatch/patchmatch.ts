import { EditError } from '../../errors.ts';
import { assertSameSize, assertShape, type Mask, type Raster, withChannels } from '../../pixels/raster.ts';
import type { EngineCodec, InpaintEngine, InpaintReply, InpaintRequest } from '../engine.ts';
import { chooseCandidates, recipeOf } from './candidates.ts';
import type { Completed } from './complete.ts';
import type { Picture } from './level.ts';
import { startSpare, useThread } from './run.ts';

interface PatchmatchOptions {
  readonly codec: EngineCodec;
}

/** Larger crops take longer than people wait, for detail the compositor resamples anyway. */
const maxSidePx = 1024;
const defaultSeed = 1;

/**
 * The embedded engine: removes what is masked by continuing the picture around it. It makes up to four
 * pictures and returns the best ones. The same seed gives the same pixels; pixels outside the mask come back
 * as they were sent. It copies, so it works on the picture's own colours: grey, RGB or CMYK, and alpha like a
 * colour.
 */
export function patchmatchEngine({ codec }: PatchmatchOptions): InpaintEngine {
  return {
    name: 'patchmatch',
    frames: { kind: 'free', maxSidePx },
    takesOwnColours: true,
    avoids: true,
    prepare: startSpare,
    async inpaint(request, signal): Promise<InpaintReply> {
      const picture = pictureOf(request);
      const { best, made } = await useThread(signal, async (ask) => {
        await ask({ picture });
        return chooseCandidates(request, {
          draft: async (n) => {
            const [draft] = await ask({ draft: recipeOf(request.seed ?? defaultSeed, n) });
            return answerOf(draft!, request.crop);
          },
          finish: async (n) => {
            const [whole] = await ask({ finish: n });
            return answerOf(whole!, request.crop);
          },
        });
      });
      const outcomes = await Promise.all(
        best.map(async (answer) => ({ kind: 'image' as const, image: await codec.encode(answer) })),
      );
      return { outcomes, warnings: [], calls: 0, made };
    },
    async enlarge({ request, answer, whole }, signal): Promise<Raster> {
      const reduced = {
        picture: pictureOf({ ...request, crop: answer }),
        filled: answer,
        whole: { ...whole, data: Uint8Array.from(whole.data) },
      };
      const [enlarged] = await useThread(signal, (ask) => ask({ reduced }));
      return { ...whole, data: enlarged!.data };
    },
  };
}

function pictureOf({ crop, mask, avoid }: InpaintRequest): Picture {
  if (mask === undefined) throw new EditError('MASK_MISSING', 'Expected a mask, got none');
  assertFits(crop, mask);
  if (avoid !== undefined) assertFits(crop, avoid);
  const { width, height, channels, data } = withChannels(crop, completed[crop.channels]!);
  return {
    width,
    height,
    channels: channels as 3 | 4,
    rgb: Uint8Array.from(data),
    mask: mask.data,
    avoid: avoid?.data,
  };
}

/** By the channels of a crop: which of them are completed, three or four. Grey is completed like RGB. */
const completed: Readonly<Record<number, readonly number[]>> = {
  1: [0, 0, 0],
  2: [0, 0, 0, 1],
  3: [0, 1, 2],
  4: [0, 1, 2, 3],
};

/** @param crop what was asked: the answer gets its channels. */
function answerOf({ width, height, data }: Completed, { channels }: Raster): Raster {
  const whole = { width, height, channels: channels % 2 === 0 ? 4 : 3, data };
  return channels > 2 ? whole : withChannels(whole, channels === 1 ? [0] : [0, 3]);
}

function assertFits(crop: Raster, mask: Mask): void {
  assertShape(crop);
  assertShape(mask);
  assertSameSize(crop, mask);
  if (completed[crop.channels] === undefined || !(crop.data instanceof Uint8Array)) {
    throw new EditError(
      'SHAPE_MISMATCH',
      `Expected 1 to 4 channels of 8 bit, got ${crop.channels} channels of ${crop.data.BYTES_PER_ELEMENT} bytes`,
    );
  }
  if (Math.max(crop.width, crop.height) > maxSidePx) {
    throw new EditError(
      'SHAPE_MISMATCH',
      `Expected at most ${maxSidePx} pixels on the longer side, got ${crop.width} x ${crop.height}`,
    );
  }
}
