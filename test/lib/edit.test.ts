import { describe, expect, test } from 'vitest';
import { type EditorOptions, editor } from '../../lib/edit.ts';
import type { InpaintRequest } from '../../lib/engines/engine.ts';
import { engineFor } from '../../lib/engines/engines.ts';
import type { EditError, ErrorCode } from '../../lib/errors.ts';
import { engineCodec } from '../../lib/formats/vips/engine-codec.ts';
import { readHeader } from '../../lib/formats/vips/header.ts';
import { rawPixels } from '../../lib/formats/vips/read.ts';
import { toDisplayed, toStored } from '../../lib/pixels/orientation.ts';
import type { Mask, Raster } from '../../lib/pixels/raster.ts';
import { resizeTo } from '../../lib/pixels/resample.ts';
import { parseRequest } from '../../lib/requests/edit-request.ts';
import { greyPaint, type Paint, paintEngine } from '../support/engines.ts';
import { modelSettings } from '../support/fake-model.ts';
import { boxMask, maskPng, noisePicture, pipelineOf, wavePicture } from '../support/pictures.ts';

const limits = { maxImageBytes: 1e7, maxImagePixels: 1e7 };
const defaults = { featherPx: 8, dilationPx: 0, modelDilation: 0.01, maxRegions: 4, maxTiles: 16 };
const size = { width: 150, height: 110 };
const box = { left: 61, top: 37, width: 30, height: 28 };
const never = new AbortController().signal;

async function edit(
  image: Uint8Array,
  mask: Mask,
  {
    paint = greyPaint,
    request = {},
    ...options
  }: Partial<EditorOptions> & { paint?: Paint; request?: object } = {},
) {
  const { engine, requests } = paintEngine(paint);
  const run = editor({ engine, limits, defaults, ...options });
  const result = await run({ image, mask: await maskPng(mask), request: parseRequest(request) }, never);
  return { ...result, requests, output: result.outputs[0]! };
}

async function pixels(bytes: Uint8Array): Promise<Raster> {
  return rawPixels(bytes, await readHeader(bytes, limits));
}

/** Pixels that differ where the mask is 0, and where it is not. */
function differences(before: Raster, after: Raster, mask: Mask) {
  expect(after).toMatchObject({ width: before.width, height: before.height, channels: before.channels });
  const counts = { outside: 0, inside: 0 };
  for (let p = 0; p < mask.data.length; p++) {
    const from = p * before.channels;
    const differs = [...before.data.subarray(from, from + before.channels)].some(
      (v, c) => v !== after.data[from + c],
    );
    if (differs) counts[mask.data[p] === 0 ? 'outside' : 'inside']++;
  }
  return counts;
}

async function refusal(work: Promise<unknown>): Promise<ErrorCode> {
  return work.then(
    () => expect.unreachable(),
    (error: EditError) => error.code,
  );
}

test('an embedded engine tells what share of its work is done', async () => {
  const engine = await engineFor({ engine: 'patchmatch', model: undefined }, modelSettings, {
    codec: engineCodec,
  });
  const shares: number[] = [];
  const input = {
    image: await pipelineOf(wavePicture(size)).png().toBuffer(),
    mask: await maskPng(boxMask(size, box)),
    request: parseRequest({}),
    onStep: (step: string, _region?: unknown, share?: number) => {
      if (step === 'inpaint' && share !== undefined) shares.push(share);
    },
  };
  await editor({ engine, limits, defaults })(input, never);
  expect(shares.length).toBeGreaterThan(1);
  expect(shares).toEqual(shares.toSorted((a, b) => a - b));
});

describe('every decoded value outside the mask survives (G1)', () => {
  const kinds = [
    ['png grey 8', 'png', 1, 8, {}],
    ['png grey + alpha 8', 'png', 2, 8, {}],
    ['png rgb 8', 'png', 3, 8, {}],
    ['png rgba 8', 'png', 4, 8, {}],
    ['png palette', 'png', 3, 8, { palette: true }],
    ['png grey 16', 'png', 1, 16, {}],
    ['png rgb 16', 'png', 3, 16, {}],
    ['png rgba 16', 'png', 4, 16, {}],
    ['webp rgb lossless', 'webp', 3, 8, { lossless: true }],
    ['webp rgb lossy', 'webp', 3, 8, { quality: 60 }],
    ['webp rgba', 'webp', 4, 8, { lossless: true, exact: true }],
    ['tiff rgb 8', 'tiff', 3, 8, { compression: 'lzw' }],
    ['tiff rgb 16', 'tiff', 3, 16, { compression: 'none' }],
    ['tiff rgba 16', 'tiff', 4, 16, { compression: 'none' }],
  ] as const;

  test.each(kinds)('%s', async (_, format, channels, depth, options) => {
    const image = await pipelineOf(noisePicture({ ...size, channels, depth }))
      .toFormat(format, options)
      .toBuffer();
    const mask = boxMask(size, box);
    const { output, report } = await edit(image, mask);
    const { outside, inside } = differences(await pixels(image), await pixels(output.bytes), mask);
    expect(outside).toBe(0);
    expect(inside).toBeGreaterThan((box.width * box.height) / 2);
    expect(report.proofs).toEqual([
      { outside: 'exact', comparedPixels: 150 * 110 - 30 * 28, differingPixels: 0 },
    ]);
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8] as const)(
    'EXIF orientation %i: the mask applies to the displayed picture',
    async (orientation) => {
      const stored = noisePicture({ ...size, channels: 3, depth: 8 });
      const image = await pipelineOf(stored).withMetadata({ orientation }).png().toBuffer();
      const turned = orientation >= 5;
      const displayed = {
        width: turned ? size.height : size.width,
        height: turned ? size.width : size.height,
      };
      const mask = boxMask(displayed, { left: 20, top: 30, width: 25, height: 31 });
      const { output } = await edit(image, mask);
      const after = await pixels(output.bytes);
      const { outside, inside } = differences(stored, after, toStored(mask, orientation));
      expect({ outside, isEdited: inside > 300 }).toEqual({ outside: 0, isEdited: true });
      expect((await readHeader(output.bytes, limits)).orientation).toBe(orientation);
      expect(toDisplayed(after, orientation)).toMatchObject(displayed);
    },
  );
});

describe('JPEG', () => {
  test.each(['4:4:4', '4:2:0'] as const)(
    '%s: only blocks that touch the mask change, and headers stay',
    async (chromaSubsampling) => {
      const image = await pipelineOf(wavePicture({ width: 320, height: 240 }))
        .withMetadata({ density: 300 })
        // Standard tables hold every symbol; optimised ones may have to grow.
        .jpeg({ quality: 90, chromaSubsampling, optimiseCoding: false })
        .toBuffer();
      const mask = boxMask({ width: 320, height: 240 }, { left: 131, top: 90, width: 60, height: 50 });
      const { output } = await edit(image, mask);
      const near = boxMask({ width: 320, height: 240 }, { left: 111, top: 71, width: 100, height: 90 });
      expect(output).toMatchObject({
        mediaType: 'image/jpeg',
        extension: 'jpg',
        proof: { outside: 'touched-blocks' },
      });
      expect(differences(await pixels(image), await pixels(output.bytes), near).outside).toBe(0);
      const header = Buffer.from(image).indexOf(Buffer.from([0xff, 0xda]));
      expect(Buffer.compare(image.subarray(0, header), Buffer.from(output.bytes).subarray(0, header))).toBe(
        0,
      );
    },
  );

  test('an answer equal to the crop changes no pixel outside the mask', async () => {
    const image = await pipelineOf(wavePicture(size)).jpeg().toBuffer();
    const { output } = await edit(image, boxMask(size, box), { paint: ({ crop }) => crop });
    expect(differences(await pixels(image), await pixels(output.bytes), boxMask(size, box)).outside).toBe(0);
  });
});

describe('a model receives', () => {
  test('a crop around the mask with known picture on all sides, and the mask thresholded and grown', async () => {
    const image = await pipelineOf(wavePicture({ width: 900, height: 700 }))
      .png()
      .toBuffer();
    const mask = boxMask({ width: 900, height: 700 }, { left: 400, top: 300, width: 80, height: 60 }, 40);
    const { requests, report } = await edit(image, mask);
    const [{ crop, mask: sent }] = requests as [(typeof requests)[number]];
    expect(report.regions[0]).toMatchObject({
      box: { left: 336, top: 236, width: 208, height: 188 },
      scale: 1,
    });
    expect(crop).toMatchObject({ width: 208, height: 188, channels: 3 });
    expect(new Set(sent?.data)).toEqual(new Set([0, 255]));
    expect(sent?.data.filter((value) => value === 255).length).toBeGreaterThan(80 * 60);
  });

  test('a larger crop scaled down to its frame; the answer is scaled back up', async () => {
    const big = { width: 1600, height: 1200 };
    const image = await pipelineOf(wavePicture(big)).png().toBuffer();
    const mask = boxMask(big, { left: 300, top: 200, width: 900, height: 700 });
    const { requests, output } = await edit(image, mask);
    expect(Math.max(requests[0]!.crop.width, requests[0]!.crop.height)).toBe(1024);
    expect(output.proof.differingPixels).toBe(0);
  });

  test('two regions far apart in two calls', async () => {
    const wide = { width: 1000, height: 300 };
    const image = await pipelineOf(wavePicture(wide)).png().toBuffer();
    const data = boxMask(wide, { left: 60, top: 100, width: 40, height: 40 }).data;
    boxMask(wide, { left: 880, top: 150, width: 30, height: 50 }).data.forEach((value, i) => {
      if (value > 0) data[i] = value;
    });
    const { requests, output } = await edit(image, { ...wide, channels: 1, data });
    expect(requests.map(({ key }) => key)).toEqual(['r0', 'r1']);
    expect(output.proof).toMatchObject({ outside: 'exact' });
  });
});

describe('two regions, where the crop of one grew to its frame and holds the other', () => {
  const photo = { width: 1000, height: 750 };
  const tall = boxMask(photo, { left: 250, top: 250, width: 50, height: 200 });
  const small = boxMask(photo, { left: 432, top: 350, width: 20, height: 20 });
  const both: Mask = { ...tall, data: tall.data.map((value, p) => Math.max(value, small.data[p]!)) };
  const square = { kind: 'fixed', sizes: [{ width: 1024, height: 1024 }] } as const;

  test.each(['png', 'jpeg'] as const)(
    'are each edited once, with the same result as alone: %s',
    async (format) => {
      const image = await pipelineOf(wavePicture(photo)).toFormat(format).toBuffer();
      const edited = async (mask: Mask) => {
        const { engine, requests } = paintEngine(greyPaint);
        const { output } = await edit(image, mask, { engine: { ...engine, frames: square } });
        return { calls: requests.length, raster: await pixels(output.bytes) };
      };
      const [together, ...alone] = await Promise.all([both, tall, small].map(edited));
      expect(together?.calls).toBe(2);
      for (const [n, mask] of [tall, small].entries()) {
        const differing = mask.data.filter(
          (value, p) => value > 0 && together?.raster.data[p * 3] !== alone[n]?.raster.data[p * 3],
        );
        expect(differing).toHaveLength(0);
      }
    },
  );
});

describe('an answer of a model', () => {
  const photo = wavePicture({ width: 400, height: 300 });
  const mask = boxMask(photo, { left: 180, top: 130, width: 50, height: 40 });
  const shifted: Paint = (request) => {
    const { crop } = request;
    const data = Uint8Array.from(crop.data);
    for (let y = 0; y < crop.height; y++) {
      for (let x = 0; x < crop.width; x++) {
        const from = (y * crop.width + Math.min(crop.width - 1, x + 2)) * 3;
        data.set(crop.data.subarray(from, from + 3), (y * crop.width + x) * 3);
      }
    }
    return { ...crop, data };
  };

  test('is moved back when it is shifted (G3)', async () => {
    const { output, report } = await edit(await pipelineOf(photo).png().toBuffer(), mask, { paint: shifted });
    expect(report.regions[0]?.fits[0]?.driftPx).toBeCloseTo(2, 1);
    const after = await pixels(output.bytes);
    let worst = 0;
    for (let i = 0; i < photo.data.length; i++)
      worst = Math.max(worst, Math.abs(after.data[i]! - photo.data[i]!));
    expect(worst).toBeLessThanOrEqual(6);
  });

  test('is rejected when its surroundings show another picture (G3)', async () => {
    const image = await pipelineOf(photo).png().toBuffer();
    const paint: Paint = ({ crop }) => noisePicture({ ...crop, channels: 3, depth: 8, seed: 9 });
    expect(await refusal(edit(image, mask, { paint }))).toBe('ENGINE_DRIFTED');
  });

  test('is published if it fits, the best candidate first, and the report lists every candidate', async () => {
    const image = await pipelineOf(photo).png().toBuffer();
    const { engine } = paintEngine(greyPaint);
    const several = {
      ...engine,
      async inpaint(request: InpaintRequest) {
        const brighter = {
          ...request.crop,
          data: request.crop.data.map((value) => Math.min(255, value + 6)),
        };
        const pictures = [brighter, noisePicture({ ...request.crop, channels: 3, depth: 8 }), request.crop];
        const images = await Promise.all(pictures.map((picture) => engineCodec.encode(picture as Raster)));
        const outcomes = images.map((one) => ({ kind: 'image' as const, image: one }));
        return {
          outcomes: [...outcomes, { kind: 'filtered' as const, reason: 'violence' }],
          warnings: [],
          calls: 0,
        };
      },
    };
    const { outputs, report } = await edit(image, mask, { engine: several, request: { samples: 4 } });
    expect(outputs).toHaveLength(2);
    expect(report.regions[0]?.outcomes).toEqual([
      { kind: 'image' },
      { kind: 'drifted', reason: expect.stringContaining('surroundings') },
      { kind: 'image' },
      { kind: 'filtered', reason: 'violence' },
    ]);
    expect(report.proofs.map(({ outside }) => outside)).toEqual(['exact', 'exact']);
  });

  test('comes second when its seam shows and the surroundings are the same', async () => {
    const image = await pipelineOf(photo).png().toBuffer();
    const { engine } = paintEngine(greyPaint);
    /** The picture as it was, and brighter where the mask is: nothing differs on the ring. */
    const brighterBy = (levels: number, { crop, mask }: InpaintRequest): Raster => ({
      ...crop,
      data: crop.data.map((v, i) => (mask?.data[Math.trunc(i / 3)] ? Math.min(255, v + levels) : v)),
    });
    const two = {
      ...engine,
      async inpaint(request: InpaintRequest) {
        const pictures = [brighterBy(60, request), brighterBy(0, request)];
        const images = await Promise.all(pictures.map((picture) => engineCodec.encode(picture)));
        const outcomes = images.map((one) => ({ kind: 'image' as const, image: one }));
        return { outcomes, warnings: [], calls: 0 };
      },
    };
    const { outputs, report } = await edit(image, mask, { engine: two, request: { samples: 2 } });
    const [hidden, shows] = report.regions[0]!.fits;
    expect(shows?.ringAfter).toBe(hidden?.ringAfter);
    expect(hidden?.seam).toBeLessThan(1);
    expect(shows?.seam).toBeGreaterThan(15);
    expect(shows?.cost).toBeGreaterThan(hidden!.cost);
    const [first, second] = await Promise.all(outputs.map(({ bytes }) => pixels(bytes)));
    expect(differences(photo, first!, mask).inside).toBeLessThan(differences(photo, second!, mask).inside);
  });

  test('that is smaller is reported with its resolution', async () => {
    const image = await pipelineOf(photo).png().toBuffer();
    const paint: Paint = ({ crop }) => {
      const half = resizeTo(crop, { width: crop.width / 2, height: crop.height / 2 });
      return { ...half, data: Uint8Array.from(half.data) };
    };
    const { report } = await edit(image, mask, { paint });
    expect(report.regions[0]?.scale).toBe(1);
    expect(report.regions[0]?.fits[0]?.effectiveResolution).toBe(0.5);
  });

  test('that is no picture is a bad reply', async () => {
    const { engine } = paintEngine(greyPaint);
    const broken = {
      ...engine,
      inpaint: async () => ({
        outcomes: [{ kind: 'image' as const, image: { bytes: Buffer.from('no'), mediaType: 'image/png' } }],
        warnings: [],
        calls: 1,
      }),
    };
    const image = await pipelineOf(photo).png().toBuffer();
    expect(await refusal(edit(image, mask, { engine: broken }))).toBe('ENGINE_BAD_REPLY');
  });
});

describe('a mask chosen by the model', () => {
  const photo = wavePicture({ width: 400, height: 300 });
  const spot = { left: 150, top: 110, width: 60, height: 50 };

  test('is derived from its changes: they are applied, and nothing else', async () => {
    const image = await pipelineOf(photo).png().toBuffer();
    const { engine, requests } = paintEngine(({ crop }) =>
      greyPaint({ crop, mask: boxMask(crop, spot) } as InpaintRequest),
    );
    const run = editor({ engine, limits, defaults });
    const request = parseRequest({ maskMode: 'semantic', maskClasses: ['cat'] });
    const { outputs, report } = await run({ image, mask: undefined, request }, never);
    const around = { left: 130, top: 90, width: 100, height: 90 };
    const { outside, inside } = differences(photo, await pixels(outputs[0]!.bytes), boxMask(photo, around));
    expect(outside).toBe(0);
    expect(inside).toBeGreaterThan(0.7 * spot.width * spot.height);
    expect(requests[0]).toMatchObject({ mask: undefined, automaticMask: { mode: 'semantic', classes: [7] } });
    expect(report.maskCoverage).toBeLessThan(0.08);
    expect(report.proofs).toEqual([expect.objectContaining({ outside: 'exact' })]);
  });

  test('may cover most of the picture: a new background', async () => {
    const image = await pipelineOf(photo).png().toBuffer();
    const { engine } = paintEngine(({ crop }) => {
      const kept = boxMask(crop, { left: 120, top: 60, width: 140, height: 180 }).data;
      const data = crop.data.map((value, i) =>
        kept[Math.trunc(i / 3)] === 0 ? [250, 250, 10][i % 3]! : value,
      );
      return { ...crop, data };
    });
    const request = parseRequest({ maskMode: 'background' });
    const { report } = await editor({ engine, limits, defaults })({ image, mask: undefined, request }, never);
    expect(report.maskCoverage).toBeGreaterThan(0.7);
    expect(report.maskCoverage).toBeLessThan(0.9);
  });

  test('is an error when the model changed nothing', async () => {
    const { engine } = paintEngine(({ crop }) => crop);
    const run = editor({ engine, limits, defaults });
    const image = await pipelineOf(photo).png().toBuffer();
    const request = parseRequest({ maskMode: 'background' });
    expect(await refusal(run({ image, mask: undefined, request }, never))).toBe('ENGINE_UNEDITED');
  });
});

describe('another output format', () => {
  const photo = wavePicture(size);
  const mask = boxMask(size, box);

  test.each(['png', 'webp'] as const)(
    'JPEG to %s: every decoded pixel outside the mask is the same',
    async (outputFormat) => {
      const image = await pipelineOf(photo).jpeg().toBuffer();
      const { output } = await edit(image, mask, { request: { outputFormat } });
      expect(output).toMatchObject({
        extension: outputFormat,
        mediaType: `image/${outputFormat}`,
        proof: { outside: 'exact' },
      });
      expect(differences(await pixels(image), await pixels(output.bytes), mask).outside).toBe(0);
    },
  );

  test('PNG to JPEG is reported as re-encoded', async () => {
    const image = await pipelineOf(photo).png().toBuffer();
    const { output } = await edit(image, mask, { request: { outputFormat: 'jpeg', outputQuality: 70 } });
    expect(output).toMatchObject({ extension: 'jpg', proof: { outside: 're-encoded', reason: 'asked for' } });
    expect((await readHeader(output.bytes, limits)).format).toBe('jpeg');
  });

  test('is refused when it cannot hold the picture', async () => {
    const alpha = await pipelineOf(noisePicture({ ...size, channels: 4, depth: 8 }))
      .png()
      .toBuffer();
    expect(await refusal(edit(alpha, mask, { request: { outputFormat: 'jpeg' } }))).toBe('KIND_UNSUPPORTED');
    const deep = await pipelineOf(noisePicture({ ...size, channels: 3, depth: 16 }))
      .png()
      .toBuffer();
    expect(await refusal(edit(deep, mask, { request: { outputFormat: 'webp' } }))).toBe('KIND_UNSUPPORTED');
    const inks = await pipelineOf(photo).toColourspace('cmyk').jpeg().toBuffer();
    expect(await refusal(edit(inks, mask, { request: { outputFormat: 'png' } }))).toBe('KIND_UNSUPPORTED');
  });
});

describe('options', () => {
  test('dilation lets the edit reach beyond the mask, and the proof covers less', async () => {
    const image = await pipelineOf(noisePicture({ ...size, channels: 3, depth: 8 }))
      .png()
      .toBuffer();
    const mask = boxMask(size, box);
    const { output, report } = await edit(image, mask, { request: { dilationPx: 6 } });
    const { outside } = differences(await pixels(image), await pixels(output.bytes), mask);
    expect(outside).toBeGreaterThan(0);
    expect(report.proofs[0]?.comparedPixels).toBeLessThan(150 * 110 - 30 * 28);
  });

  test('black polarity edits what is black', async () => {
    const image = await pipelineOf(noisePicture({ ...size, channels: 3, depth: 8 }))
      .png()
      .toBuffer();
    const white = boxMask(size, box);
    const inverted = { ...white, data: white.data.map((value) => 255 - value) };
    const { output } = await edit(image, inverted, { request: { polarity: 'black' } });
    expect(differences(await pixels(image), await pixels(output.bytes), white).outside).toBe(0);
  });

  test('an aborted signal stops before the next step', async () => {
    const { engine } = paintEngine(greyPaint);
    const run = editor({ engine, limits, defaults });
    const image = await pipelineOf(wavePicture(size)).png().toBuffer();
    const mask = await maskPng(boxMask(size, box));
    const gone = AbortSignal.abort(new Error('gone'));
    await expect(run({ image, mask, request: parseRequest({}) }, gone)).rejects.toThrow('gone');
  });
});
