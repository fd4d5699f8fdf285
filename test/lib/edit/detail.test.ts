import { describe, expect, test } from 'vitest';
import { editor } from '../../../lib/edit.ts';
import type { InpaintEngine, InpaintRequest } from '../../../lib/engines/engine.ts';
import { EditError } from '../../../lib/errors.ts';
import { decodeAnswer } from '../../../lib/formats/vips/answer.ts';
import { engineCodec } from '../../../lib/formats/vips/engine-codec.ts';
import { boundingBox, crop as cut } from '../../../lib/pixels/box.ts';
import type { Raster } from '../../../lib/pixels/raster.ts';
import { planFrame } from '../../../lib/plan/frame.ts';
import { contextOf } from '../../../lib/plan/regions.ts';
import { planDetail } from '../../../lib/plan/tile-plan.ts';
import { parseRequest } from '../../../lib/requests/edit-request.ts';
import { drifts, simulateModel } from '../../bench/drift.ts';
import { boxMask, maskPng, pipelineOf } from '../../support/pictures.ts';

const limits = { maxImageBytes: 1e8, maxImagePixels: 1e8 };
const defaults = { featherPx: 16, dilationPx: 0, modelDilation: 0.01, maxRegions: 4, maxTiles: 16 };
const never = new AbortController().signal;

const size = { width: 700, height: 540 };
const hole = { left: 220, top: 170, width: 260, height: 190 };
const mask = boxMask(size, hole);
const frame = { width: 256, height: 192 };
const frames = { kind: 'fixed', sizes: [frame] } as const;

/** Broad light, shapes, and a weave that an answer of a third of the size cannot show. */
const truth = paintScene();
/** The same with a dark disc in the hole: what is to be removed. */
const photo = withDisc(truth);

function paintScene(): Raster {
  const data = new Uint8Array(size.width * size.height * 3);
  for (let p = 0; p < size.width * size.height; p++) {
    const [x, y] = [p % size.width, Math.trunc(p / size.width)];
    const broad = 128 + 40 * Math.sin(x / 90 + y / 140) + 25 * Math.cos(y / 60 - x / 200);
    const shape = 12 * Math.sin(x / 9 + 3 * Math.sin(y / 31)) * Math.cos(y / 11);
    const weave = 14 * Math.sin(1.2 * x + 0.2 * y) * Math.cos(1.1 * y - 0.3 * x);
    for (let c = 0; c < 3; c++) data[p * 3 + c] = broad + shape + weave + 10 * c;
  }
  return { ...size, channels: 3, data };
}

function withDisc(raster: Raster): Raster {
  const data = Uint8Array.from(raster.data);
  for (let p = 0; p < size.width * size.height; p++) {
    const [x, y] = [p % size.width, Math.trunc(p / size.width)];
    if (Math.hypot((x - 350) / 115, (y - 265) / 80) < 1) data.fill(30, p * 3, p * 3 + 3);
  }
  return { ...raster, data };
}

const plan = planFrame({ context: contextOf(hole, size, 'shift'), image: size, frames });
const seen = cut(truth, plan.box);

/** A model that knows the truth and drifts in another way at each call; each tile has other light. */
function drifting(request: InpaintRequest, maxTiles = 16): Raster {
  const n = Number(/t(\d+)$/.exec(request.key)?.[1] ?? -1);
  if (n < 0) return simulateModel(seen, frame, drifts.medium, 1);
  const { tiles } = planDetail({ mask: cut(mask, plan.box), plan, maxTiles })!;
  const gains = n % 2 === 0 ? ([1.05, 1.02, 0.98] as const) : ([0.95, 0.97, 1.03] as const);
  const drift = { ...drifts.medium, blurPx: 0.3, gains, shiftX: (n % 3) - 1, shiftY: 0.7 * (n % 2) };
  return simulateModel(cut(seen, tiles[n]!.box), frame, drift, n + 2);
}

interface World {
  readonly request?: object;
  readonly maxTiles?: number;
  readonly paint?: (request: InpaintRequest) => Raster;
}

async function edit({ request: options = { detail: 'tiles' }, maxTiles = 16, paint }: World = {}) {
  const requests: InpaintRequest[] = [];
  const engine: InpaintEngine = {
    name: 'knowing',
    frames,
    async inpaint(request) {
      requests.push(request);
      const answer = (paint ?? ((one: InpaintRequest) => drifting(one, maxTiles)))(request);
      const image = await engineCodec.encode(answer);
      const outcomes = Array.from({ length: request.samples }, () => ({ kind: 'image' as const, image }));
      return { outcomes, warnings: [], calls: 1 };
    },
  };
  const run = editor({ engine, limits, defaults: { ...defaults, maxTiles } });
  const image = await pipelineOf(photo).png({ compressionLevel: 1 }).toBuffer();
  const result = await run({ image, mask: await maskPng(mask), request: parseRequest(options) }, never);
  const output = await decodeAnswer(result.outputs[0]!.bytes);
  return { ...result, requests, output, region: result.report.regions[0]! };
}

/** The edits that most tests share. */
const single = edit({ request: {} });
const tiled = edit();

/** dB against the truth inside the hole. */
function psnr({ data }: Raster): number {
  let [sum, count] = [0, 0];
  for (let p = 0; p < mask.data.length; p++) {
    if (mask.data[p] === 0) continue;
    for (let c = 0; c < 3; c++) sum += (data[p * 3 + c]! - truth.data[p * 3 + c]!) ** 2;
    count += 3;
  }
  return 10 * Math.log10(255 ** 2 / (sum / count));
}

/** Mean absolute difference of neighbours inside the hole against the truth's: 1 = all the fine detail. */
function fineDetail({ data }: Raster): number {
  let [got, wanted] = [0, 0];
  for (let y = hole.top + 20; y < hole.top + hole.height - 20; y++) {
    for (let x = hole.left + 20; x < hole.left + hole.width - 20; x++) {
      const k = (y * size.width + x) * 3;
      got += Math.abs(data[k]! - data[k + 3]!);
      wanted += Math.abs(truth.data[k]! - truth.data[k + 3]!);
    }
  }
  return got / wanted;
}

/** Mean absolute step of the error across columns of the hole. */
function errorSteps({ data }: Raster): number[] {
  return Array.from({ length: hole.width - 40 }, (_, i) => {
    const x = hole.left + 20 + i;
    let sum = 0;
    for (let y = hole.top + 20; y < hole.top + hole.height - 20; y++) {
      const k = (y * size.width + x) * 3;
      sum += Math.abs(data[k]! - truth.data[k]! - (data[k - 3]! - truth.data[k - 3]!));
    }
    return sum / (hole.height - 40);
  });
}

describe('guided tiles', () => {
  test('restore the detail that one call loses, without a seam between them', async () => {
    const [one, many] = await Promise.all([single, tiled]);
    expect(one.region.effectiveResolution).toBeCloseTo(1 / plan.scale, 2);
    expect(one.region.tiles).toBeUndefined();
    expect(many.region.effectiveResolution).toBe(1);
    expect(many.region.tiles!.used).toBe(many.region.tiles!.planned);
    expect(psnr(many.output)).toBeGreaterThan(psnr(one.output) + 4);
    expect(fineDetail(one.output)).toBeLessThan(0.4);
    expect(fineDetail(many.output)).toBeGreaterThan(0.85);
    const steps = errorSteps(many.output);
    const usual = steps.reduce((sum, step) => sum + step, 0) / steps.length;
    expect(Math.max(...steps)).toBeLessThan(1.6 * usual);
    expect(many.outputs[0]!.proof).toMatchObject({ outside: 'exact', differingPixels: 0 });
  });

  test('are separate calls, each in a frame of the model with known picture around what it repaints', async () => {
    const { requests, report, region } = await tiled;
    const keys = requests.map(({ key }) => key);
    expect(keys).toEqual(['r0', ...Array.from({ length: region.tiles!.planned }, (_, n) => `r0t${n}`)]);
    expect(report.modelCalls).toBe(requests.length);
    for (const { crop, mask: sent, samples } of requests) {
      expect(crop).toMatchObject(frame);
      expect(sent).toMatchObject(frame);
      expect(samples).toBe(1);
      const repainted = boundingBox(sent!)!;
      expect(Math.min(repainted.left, 256 - repainted.left - repainted.width)).toBeGreaterThan(10);
      expect(new Set(sent!.data)).toEqual(new Set([0, 255]));
    }
  });

  test('show the model the first answer, not the removed object', async () => {
    const { requests } = await tiled;
    for (const { crop } of requests.slice(1))
      expect(Array.from(crop.data).every((level) => level > 35)).toBe(true);
  });

  test('are limited: fewer tiles see more of the picture each, and the report gives the resolution', async () => {
    const paint = (request: InpaintRequest) => (request.key === 'r0' ? drifting(request) : request.crop);
    const { requests, region, report } = await edit({ maxTiles: 2, paint });
    expect(requests.length).toBeLessThanOrEqual(3);
    expect(region.tiles!.effectiveResolution).toBeGreaterThan(1.2 / plan.scale);
    expect(region.tiles!.effectiveResolution).toBeLessThan(1);
    expect(report.warnings).toContainEqual(
      expect.stringMatching(/MAX_TILES allows for region r0 reach 0\.\d+/),
    );
  });

  test('are not requested when none is allowed, with a warning', async () => {
    const { requests, report } = await edit({ maxTiles: 0 });
    expect(requests).toHaveLength(1);
    expect(report.warnings).toContainEqual(expect.stringMatching(/more than the 0 tiles/));
  });

  test('refine the best of several candidates', async () => {
    const { requests, report, outputs } = await edit({ request: { detail: 'tiles', samples: 2 } });
    expect(requests.map(({ samples }) => samples)).toEqual([2, ...requests.slice(1).map(() => 1)]);
    expect(outputs).toHaveLength(2);
    expect(report.warnings).toContain('Tiles refine the first output only.');
  });

  test('that were filtered, or show something else, leave the first answer there', async () => {
    const { region, report, output } = await edit({
      paint: (request) => {
        if (request.key === 'r0t1') throw new EditError('ENGINE_FILTERED', 'Expected a picture, got none');
        if (request.key === 'r0t2')
          return { ...request.crop, data: request.crop.data.map((_, i) => ((i / 3) % 128 < 64 ? 20 : 235)) };
        return drifting(request);
      },
    });
    const { planned, used } = region.tiles!;
    expect(used).toBe(planned - 2);
    expect(region.effectiveResolution).toBeCloseTo(1 / plan.scale, 2);
    expect(report.warnings).toContainEqual(expect.stringMatching(/2 of \d+ tiles .* \(ENGINE_FILTERED\)/));
    expect(psnr(output)).toBeGreaterThan(psnr((await single).output));
  });

  test('that fail in passing fail the edit, so that it is retried', async () => {
    const busy = (request: InpaintRequest): Raster => {
      if (request.key === 'r0t1') throw new EditError('MODEL_QUOTA', 'Expected quota, got 429');
      return drifting(request);
    };
    await expect(edit({ paint: busy })).rejects.toMatchObject({ code: 'MODEL_QUOTA' });
  });
});

test('tiles need a mask from the user', () => {
  expect(() => parseRequest({ detail: 'tiles', maskMode: 'foreground' })).toThrow(
    /detail: expected maskMode user/,
  );
});
