import { describe, expect, it } from 'vitest';
import { editor } from '../../../lib/edit.ts';
import type { InpaintEngine } from '../../../lib/engines/engine.ts';
import { engineCodec } from '../../../lib/formats/vips/engine-codec.ts';
import { boundingBox } from '../../../lib/pixels/box.ts';
import type { Raster } from '../../../lib/pixels/raster.ts';
import { rescale } from '../../../lib/pixels/resample.ts';
import { parseRequest } from '../../../lib/requests/edit-request.ts';
import { greyPaint, type Paint } from '../../support/engines.ts';
import { boxMask, maskPng, pipelineOf, wavePicture } from '../../support/pictures.ts';

const size = { width: 320, height: 240 };
const hole = { left: 120, top: 90, width: 60, height: 50 };
const limits = { maxImageBytes: 1e7, maxImagePixels: 1e7 };
const defaults = { featherPx: 8, dilationPx: 0, modelDilation: 0.01, maxRegions: 4, maxTiles: 16 };

const unchanged: Paint = ({ crop }) => crop;
/** Changes levels outside the mask alone. */
const unchangedBut =
  (levels: number): Paint =>
  (request) => {
    const grey = greyPaint(request)!;
    const isKept = (i: number) => request.mask!.data[Math.trunc(i / 3)] === 0;
    return { ...grey, data: grey.data.map((value, i) => (isKept(i) ? Math.max(0, value - levels) : value)) };
  };
const dimmed: Paint = ({ crop }) => ({ ...crop, data: crop.data.map((value) => value * 0.9) });

/** The same with the mask in black, which is nowhere around it. */
const blackPaint: Paint = (request) => {
  const grey = greyPaint(request)!;
  return {
    ...grey,
    data: grey.data.map((value, i) => (request.mask!.data[Math.trunc(i / 3)]! > 0 ? 0 : value)),
  };
};

/** Black only where the mask was grown for the engine. */
const blackBeside: Paint = (request) => {
  const { width, data } = request.crop;
  const given = boundingBox(request.mask!)!;
  const isBeside = (p: number) => {
    const [x, y] = [(p % width) - given.left, Math.floor(p / width) - given.top];
    const reach = Math.min(x, y, given.width - 1 - x, given.height - 1 - y);
    return reach === 0;
  };
  return { ...request.crop, data: data.map((value, i) => (isBeside(Math.trunc(i / 3)) ? 0 : value)) };
};

/** Edits with an engine that answers each of the pictures, and tells what the judge said of them. */
async function judged(maxSidePx: number, paints: readonly Paint[], draftScale = 1) {
  const costs: number[] = [];
  const engine: InpaintEngine = {
    name: 'choosy',
    frames: { kind: 'free', maxSidePx },
    async inpaint(request) {
      const answers = paints.map((paint) => paint(request) as Raster);
      const size = { width: request.crop.width / draftScale, height: request.crop.height / draftScale };
      const drafts = answers.map((answer) => rescale(answer, size, 'area'));
      costs.push(...drafts.map((draft) => request.judge!(draft)));
      const images = await Promise.all(answers.map((answer) => engineCodec.encode(answer)));
      const outcomes = images.map((image) => ({ kind: 'image' as const, image }));
      return { outcomes, warnings: [], calls: 0, made: 4 };
    },
  };
  const { report } = await editor({ engine, limits, defaults })(
    {
      image: await pipelineOf(wavePicture(size)).png().toBuffer(),
      mask: await maskPng(boxMask(size, hole)),
      request: parseRequest({ samples: 4 }),
    },
    new AbortController().signal,
  );
  return { costs, region: report.regions[0]! };
}

describe('the judge of an engine that chooses', () => {
  it('leaves the order to the report, which lists the best first', async () => {
    const { costs, region } = await judged(1024, [greyPaint, dimmed, unchanged]);
    const told = region.fits.map(({ cost }) => cost);
    expect(told).toEqual(told.toSorted((a, b) => a - b));
    expect(told).not.toEqual(costs);
    expect(region.made).toBe(4);
  });

  it('sees what was repainted beside the mask', async () => {
    const { costs } = await judged(1024, [blackBeside, unchanged]);
    expect(costs[0]! - costs[1]!).toBeGreaterThan(5);
  });

  it('tells good from bad at the size that the engine saw, where that is smaller', async () => {
    const { costs, region } = await judged(80, [blackPaint, greyPaint]);
    expect(region.scale).toBeGreaterThan(2);
    expect(costs[1]!).toBeLessThan(costs[0]! / 2);
  });

  it('tells good from bad by drafts of half the size', async () => {
    const { costs } = await judged(1024, [blackPaint, greyPaint], 2);
    expect(costs[1]!).toBeLessThan(costs[0]! / 2);
  });

  it('finds no fault in how a draft was reduced', async () => {
    const { costs } = await judged(1024, [unchangedBut(1), unchangedBut(9)], 2);
    expect(costs[0]! - costs[1]!).toBeCloseTo(0, 0);
  });
});
