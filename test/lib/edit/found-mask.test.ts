import { describe, expect, it, test } from 'vitest';
import { type EditResult, editor } from '../../../lib/edit.ts';
import type { EditError } from '../../../lib/errors.ts';
import type { MaskFinder } from '../../../lib/finders/finder.ts';
import { peopleFinder } from '../../../lib/finders/people/people.ts';
import { readHeader } from '../../../lib/formats/vips/header.ts';
import { sharp } from '../../../lib/formats/vips/loaders.ts';
import { rawPixels } from '../../../lib/formats/vips/read.ts';
import { decodeMask } from '../../../lib/formats/vips/read-mask.ts';
import { wholeMask } from '../../../lib/pixels/boxed-mask.ts';
import { countAbove0 } from '../../../lib/pixels/mask.ts';
import { toDisplayed, toStored } from '../../../lib/pixels/orientation.ts';
import type { Mask, Raster } from '../../../lib/pixels/raster.ts';
import { parseRequest } from '../../../lib/requests/edit-request.ts';
import { greyPaint, paintEngine } from '../../support/engines.ts';
import { figureAt, figurePicture } from '../../support/figure.ts';
import { boxMask, pipelineOf } from '../../support/pictures.ts';

const limits = { maxImageBytes: 1e8, maxImagePixels: 1e7 };
const defaults = { featherPx: 4, dilationPx: 0, modelDilation: 0.01, maxRegions: 1, maxTiles: 4 };
const size = { width: 300, height: 220 };
const figure = figurePicture(size.width, size.height);
const truth: Mask = {
  ...size,
  channels: 1,
  data: Uint8Array.from({ length: size.width * size.height }, (_, p) =>
    figureAt(((p % 300) + 0.5) / 300, (Math.floor(p / 300) + 0.5) / 220) ? 255 : 0,
  ),
};

async function editFound(image: Uint8Array, finder: MaskFinder | undefined, request: object = {}) {
  const { engine, requests } = paintEngine(greyPaint);
  const edit = editor({ engine, finder, limits, defaults });
  const parsed = parseRequest({ maskMode: 'people', ...request });
  const result = await edit({ image, mask: undefined, request: parsed }, new AbortController().signal);
  return { ...result, requests };
}

/** The mask that was told, as displayed. */
async function toldMask({ mask }: EditResult, image: Uint8Array): Promise<Mask> {
  const header = await readHeader(image, limits);
  const photo = { bytes: image, header };
  return wholeMask((await decodeMask(mask!.bytes, { photo, limits, isGuessed: false })).mask);
}

function overlap(a: Mask, b: Mask): number {
  let [both, either] = [0, 0];
  for (let p = 0; p < a.data.length; p++) {
    const [inA, inB] = [a.data[p]! >= 128, b.data[p]! >= 128];
    if (inA && inB) both++;
    if (inA || inB) either++;
  }
  return both / either;
}

const displayed = async (bytes: Uint8Array): Promise<Raster> => {
  const header = await readHeader(bytes, limits);
  return toDisplayed(await rawPixels(bytes, header), header.orientation);
};

function changedOutside(before: Raster, after: Raster, mask: Mask): number {
  const { channels } = before;
  let count = 0;
  for (let i = 0; i < before.data.length; i++) {
    if (before.data[i] !== after.data[i] && mask.data[Math.floor(i / channels)] === 0) count++;
  }
  return count;
}

/** The same figure as every kind of file that is kept exactly. */
const kinds: Readonly<Record<string, () => Promise<Uint8Array>>> = {
  'PNG of 8 bit': () => pipelineOf(figure).png().toBuffer(),
  'PNG of 16 bit': () => {
    const data = Uint16Array.from(figure.data, (level) => level * 257);
    return pipelineOf({ ...figure, data })
      .png()
      .toBuffer();
  },
  'PNG with alpha': () => {
    const data = new Uint8Array(truth.data.length * 4).map((_, i) =>
      i % 4 === 3 ? 255 - (Math.floor(i / 4) % 40) : figure.data[3 * Math.floor(i / 4) + (i % 4)]!,
    );
    return pipelineOf({ ...figure, channels: 4, data })
      .png()
      .toBuffer();
  },
  'TIFF in CMYK': () =>
    sharp(figure.data, { raw: { ...size, channels: 3 } })
      .toColourspace('cmyk')
      .tiff()
      .toBuffer(),
  'PNG on its side': () => pipelineOf(toStored(figure, 6)).withMetadata({ orientation: 6 }).png().toBuffer(),
};

describe.each(Object.entries(kinds))('people in a %s', (_, make) => {
  it('are found where they are, and nothing changes outside the told mask', async () => {
    const image = await make();
    const result = await editFound(image, peopleFinder());
    const told = await toldMask(result, image);
    expect([told.width, told.height]).toEqual([size.width, size.height]);
    expect(overlap(told, truth)).toBeGreaterThan(0.85);
    expect(changedOutside(await displayed(image), await displayed(result.outputs[0]!.bytes), told)).toBe(0);
    expect(result.report).toMatchObject({
      mask: { finder: 'people', found: [{ label: 'person' }] },
      proofs: [{ outside: 'exact', differingPixels: 0 }],
      modelCalls: 0,
    });
    expect(result.report.maskCoverage).toBeCloseTo(countAbove0(told) / truth.data.length, 6);
    expect(result.requests[0]).toMatchObject({ automaticMask: undefined });
  });
});

/** A finder that finds these boxes. */
function boxFinder(boxes: readonly Parameters<typeof boxMask>[1][]): MaskFinder {
  return {
    name: 'boxes',
    find: async ({ picture }) => ({
      masks: boxes.map((box, n) => ({
        mask: boxMask(picture, box),
        labels: [{ label: `box ${n}`, score: 0.5 }],
      })),
      edgePx: 0,
      warnings: [],
      calls: 1,
    }),
  };
}

const boxAt = (left: number, width = 40, height = 50) => ({ left, top: 60, width, height });
const png = await pipelineOf(figure).png().toBuffer();

test('masks are joined; for a removal they grow by 1 % of the width', async () => {
  const boxes = [boxAt(50), boxAt(150)];
  const told = async (request: object = {}) => toldMask(await editFound(png, boxFinder(boxes), request), png);
  const grown = await told();
  expect([46, 47, 92, 93, 147].map((x) => grown.data[80 * 300 + x])).toEqual([0, 255, 255, 0, 255]);
  expect((await told({ dilationPx: 0 })).data[80 * 300 + 49]).toBe(0);
  const insertion = { mode: 'insertion', prompt: 'a hat' };
  expect((await told(insertion)).data[80 * 300 + 49]).toBe(0);
});

test('labels and scores are told, and the call of the finder is counted', async () => {
  const { report } = await editFound(png, boxFinder([boxAt(50)]));
  expect(report.mask).toEqual({ finder: 'boxes', found: [{ label: 'box 0', score: 0.5 }] });
  expect(report.modelCalls).toBe(1);
});

test('a mask that came along unasked is not used, and that is told', async () => {
  const { engine } = paintEngine(greyPaint);
  const edit = editor({ engine, finder: boxFinder([boxAt(50)]), limits, defaults });
  const request = parseRequest({ maskMode: 'people' });
  const result = await edit({ image: png, mask: png, request }, new AbortController().signal);
  expect(result.report.warnings).toContainEqual(expect.stringContaining('maskMode is people'));
});

test.each([
  ['nothing', [], 'MASK_NOT_FOUND'],
  ['next to nothing', [boxAt(50, 10, 20)], 'MASK_NOT_FOUND'],
  ['nearly all', [{ left: 0, top: 0, width: 300, height: 215 }], 'MASK_FULL'],
] as const)('%s is refused before the engine is asked', async (_, boxes, code) => {
  const { engine, requests } = paintEngine(greyPaint);
  const edit = editor({ engine, finder: boxFinder(boxes), limits, defaults });
  const request = parseRequest({ maskMode: 'prompt', maskPrompt: 'my neighbour' });
  const error = await edit({ image: png, mask: undefined, request }, new AbortController().signal).catch(
    (thrown: EditError) => thrown,
  );
  expect(error).toMatchObject({ code, kind: 'input' });
  expect((error as EditError).message).not.toContain('neighbour');
  expect(requests).toHaveLength(0);
});
