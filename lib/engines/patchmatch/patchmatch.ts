import { EditError } from '../../errors.ts';
import { assertSameSize, assertShape, type Mask, type Raster } from '../../pixels/raster.ts';
import type { EngineCodec, InpaintEngine, InpaintReply, InpaintRequest } from '../engine.ts';
import type { Picture } from './complete.ts';
import { completeInWorker, startSpare } from './run.ts';

interface PatchmatchOptions {
  readonly codec: EngineCodec;
}

/** Beyond this the search takes longer than people wait, for detail the compositor resamples anyway. */
const maxSidePx = 1024;
const defaultSeed = 1;

/**
 * The embedded engine: removes what is masked by continuing the picture around it, on this machine,
 * without any service. Exact repetitions for the same seed; pixels outside the mask come back as sent.
 */
export function patchmatchEngine({ codec }: PatchmatchOptions): InpaintEngine {
  return {
    name: 'patchmatch',
    masks: 'native',
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
      return { outcomes, warnings: warningsFor(request), calls: 0 };
    },
  };
}

function pictureOf({ mode, crop, mask, automaticMask }: InpaintRequest): Picture {
  if (mode !== 'removal') {
    throw new EditError('ENGINE_UNSUPPORTED', `Expected a removal for engine patchmatch, got ${mode}`);
  }
  if (automaticMask !== undefined) {
    throw new EditError('ENGINE_UNSUPPORTED', 'Expected a mask for engine patchmatch, got an automatic one');
  }
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

/** Options that mean something to other engines only. */
const ignored = [
  'prompt',
  'negativePrompt',
  'maskDilation',
  'steps',
  'guidance',
  'language',
  'personGeneration',
  'safetySetting',
  'addWatermark',
  'includeSafetyAttributes',
  'replyFormat',
  'labels',
] as const satisfies readonly (keyof InpaintRequest)[];

function warningsFor(request: InpaintRequest): string[] {
  return ignored
    .filter((option) => request[option] !== undefined && request[option] !== false)
    .map((option) => `Engine patchmatch ignores ${option}.`);
}
