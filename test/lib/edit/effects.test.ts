import { expect, test } from 'vitest';
import { editor } from '../../../lib/edit.ts';
import { decodeAnswer } from '../../../lib/formats/vips/answer.ts';
import { crop as cut } from '../../../lib/pixels/box.ts';
import type { Box, Mask, Raster } from '../../../lib/pixels/raster.ts';
import { contextOf } from '../../../lib/plan/regions.ts';
import { parseRequest } from '../../../lib/requests/edit-request.ts';
import { paintEngine } from '../../support/engines.ts';
import { picture, texture } from '../../support/made-pictures.ts';
import { boxMask, maskPng, pipelineOf } from '../../support/pictures.ts';

const limits = { maxImageBytes: 1e7, maxImagePixels: 1e7 };
const defaults = { featherPx: 2, dilationPx: 0, modelDilation: 0.01, maxRegions: 1, maxTiles: 4 };
const size = { width: 320, height: 240 };
const body = { left: 120, top: 70, width: 60, height: 70 };
const mask: Mask = boxMask(size, body);
const shadow = { left: 135, top: 140, width: 30, height: 9 };

const isIn = (box: Box, x: number, y: number) =>
  x >= box.left && y >= box.top && x < box.left + box.width && y < box.top + box.height;
/** @param depth of the shade, 0 to 1. */
const scene = (shade: Box | undefined, isThere: boolean, depth = 0.5): Raster =>
  picture(size.width, size.height, 3, (x, y, c) => {
    if (isThere && isIn(body, x, y)) return [220, 70, 60][c]!;
    const ground = texture(x / 3, y / 3, c) * 0.5 + 80;
    return shade && isIn(shade, x, y) ? ground * (1 - depth) : ground;
  });

/** Edits with a model that takes the thing away with its shadow, whatever the mask says. */
async function edit(shade: Box, request: object, depth?: number) {
  const photo = scene(shade, true, depth);
  const clean = cut(scene(undefined, false), contextOf(body, size, 'clip'));
  const { engine, requests } = paintEngine(() => clean);
  const image = await pipelineOf(photo).png().toBuffer();
  const input = { image, mask: await maskPng(mask), request: parseRequest(request) };
  const {
    outputs,
    mask: told,
    report,
  } = await editor({ engine, limits, defaults })(input, new AbortController().signal);
  const grown = told && (await decodeAnswer(told.bytes));
  const isMasked = (p: number) => (grown ? grown.data[3 * p]! : mask.data[p]!) > 0;
  const { data } = await decodeAnswer(outputs[0]!.bytes);
  const changed = Array.from(mask.data.keys()).filter((p) =>
    [0, 1, 2].some((c) => data[3 * p + c] !== photo.data[3 * p + c]),
  );
  const inShadow = changed.filter((p) => isIn(shade, p % size.width, Math.floor(p / size.width))).length;
  return { report, grown, inShadow, outside: changed.filter((p) => !isMasked(p)).length, requests };
}

test('a shadow beside the mask stays, unless it is asked for', async () => {
  const { report, grown, inShadow } = await edit(shadow, {});
  expect([inShadow, grown, report.mask]).toEqual([0, undefined, undefined]);
});

test('a shadow that the model took away goes too, is told, and nothing else changes', async () => {
  const { report, inShadow, outside, grown, requests } = await edit(shadow, { effects: 'include' });
  expect(inShadow).toBeGreaterThan(0.9 * shadow.width * shadow.height);
  expect(outside).toBe(0);
  const added = grown!.data.filter((level, i) => i % 3 === 0 && level > 0 && mask.data[i / 3] === 0).length;
  expect(added).toBeGreaterThan(0);
  expect(added).toBeLessThanOrEqual(0.15 * body.width * body.height);
  expect(report).toMatchObject({
    mask: { finder: 'user', found: [], effects: Number((added / (320 * 240)).toFixed(5)) },
    proofs: [{ outside: 'exact', differingPixels: 0, comparedPixels: 320 * 240 - 60 * 70 - added }],
  });
  expect(requests[0]).toMatchObject({ includesEffects: true });
});

test('what takes more than 15 % of the box of the mask stays, as a whole, and that is told', async () => {
  const large = { ...shadow, left: 100, width: 110, height: 24 };
  const { report, inShadow, grown } = await edit(large, { effects: 'include' }, 0.25);
  expect([inShadow, grown]).toEqual([0, undefined]);
  expect(report.warnings).toContainEqual(expect.stringContaining('One change beside the mask'));
});
