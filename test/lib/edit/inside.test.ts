import { describe, expect, test } from 'vitest';
import { editor } from '../../../lib/edit.ts';
import type { InpaintEngine, InpaintRequest } from '../../../lib/engines/engine.ts';
import { EditError } from '../../../lib/errors.ts';
import { decodeAnswer } from '../../../lib/formats/vips/answer.ts';
import { engineCodec } from '../../../lib/formats/vips/engine-codec.ts';
import type { Raster } from '../../../lib/pixels/raster.ts';
import { parseRequest } from '../../../lib/requests/edit-request.ts';
import { drifts, simulateModel } from '../../bench/drift.ts';
import { boxMask, maskPng, pipelineOf, random } from '../../support/pictures.ts';
import { scenery } from '../../support/scenery.ts';

/** So small that the model sees all of it. */
const size = { width: 210, height: 190 };
const box = { left: 60, top: 62, width: 90, height: 68 };
const mask = boxMask(size, box);
type Rgb = readonly [number, number, number];

/** A copy in which an ellipse in the box has another colour, with grain. */
function withDisc(
  photo: Raster,
  colour: Rgb,
  { middleX = 105, radiusX = 36, radiusY = 26, grain = 30 } = {},
): Raster {
  const next = random(7);
  const data = photo.data.map((level, i) => {
    const [x, y] = [Math.trunc(i / 3) % size.width, Math.trunc(i / 3 / size.width)];
    const isInside = ((x - middleX) / radiusX) ** 2 + ((y - 96) / radiusY) ** 2 <= 1;
    return isInside ? Math.max(0, Math.min(255, colour[i % 3]! + grain * (next() - 0.5))) : level;
  });
  return { ...photo, data };
}

/** Takes the box, or its left part, from another picture. */
function withBoxOf(photo: Raster, other: Raster, width = box.width): Raster {
  const part = boxMask(size, { ...box, width });
  return {
    ...photo,
    data: photo.data.map((level, i) => (part.data[Math.trunc(i / 3)] ? other.data[i]! : level)),
  };
}

const plain = ([...colour]: Rgb): Raster => ({
  ...size,
  channels: 3,
  data: Uint8Array.from({ length: size.width * size.height * 3 }, (_, i) => colour[i % 3]!),
});

const clean = scenery(size);
const sent = withDisc(clean, [190, 40, 60]);
const otherThing = withDisc(clean, [60, 70, 190], { radiusX: 28 });
const asModel = (picture: Raster) => simulateModel(picture, size, drifts.mild, 3);

interface Run {
  readonly photo?: Raster;
  readonly request?: object;
  /** The answers to the calls, one after the other; several pictures are candidates. */
  readonly answers: readonly (readonly Raster[] | EditError)[];
  readonly calls?: number;
}

async function edit({ photo = sent, request = {}, answers, calls = 1 }: Run) {
  const keys: string[] = [];
  const engine: InpaintEngine = {
    name: 'model',
    frames: { kind: 'free', maxSidePx: 1024 },
    async inpaint({ key }: InpaintRequest) {
      const answer = answers[keys.push(key) - 1];
      if (answer === undefined || answer instanceof EditError) throw answer;
      const images = await Promise.all(answer.map((picture) => encoded(picture)));
      return { outcomes: images.map((image) => ({ kind: 'image', image }) as const), warnings: [], calls };
    },
  };
  const limits = { maxImageBytes: 1e7, maxImagePixels: 1e7 };
  const defaults = { featherPx: 8, dilationPx: 0, modelDilation: 0, maxRegions: 4, maxTiles: 16 };
  const input = {
    image: await pipelineOf(photo).png().toBuffer(),
    mask: await maskPng(mask),
    request: parseRequest(request),
  };
  const result = editor({ engine, limits, defaults })(input, new AbortController().signal);
  const ended = await result.catch((error: EditError) => error);
  if (ended instanceof EditError) return { keys, code: ended.code, warnings: [], outcomes: [], outputs: [] };
  const { outputs, report } = ended;
  const outcomes = report.regions[0]!.outcomes.map(({ kind }) => kind);
  return { keys, code: 'none', warnings: report.warnings.join(' '), outcomes, outputs };
}

const encoded = async (picture: Raster) =>
  picture.channels === 3
    ? engineCodec.encode(picture)
    : { bytes: await pipelineOf(picture).png().toBuffer(), mediaType: 'image/png' };

/** The picture with alpha: 0 in the box from its left side on, else opaque. */
function withHole(picture: Raster, width = box.width): Raster {
  const hole = boxMask(size, { ...box, width });
  const data = new Uint8Array(size.width * size.height * 4);
  for (let p = 0; p < hole.data.length; p++) {
    data.set(picture.data.subarray(3 * p, 3 * p + 3), 4 * p);
    data[4 * p + 3] = 255 - hole.data[p]!;
  }
  return { ...size, channels: 4, data };
}

describe('an answer that shows what was sent', () => {
  test('is asked for again, and the second one is published', async () => {
    expect(await edit({ answers: [[asModel(sent)], [asModel(clean)]] })).toMatchObject({
      keys: ['r0', 'r0.again'],
      outcomes: ['unedited', 'image'],
      warnings: '',
    });
  });

  test.each([
    ['twice', {}, [[asModel(sent)], [sent]], 2],
    ['when the budget is spent', {}, [[sent], new EditError('BUDGET_SPENT', 'spent')], 2],
    ['with a seed: not asked again', { seed: 5 }, [[sent]], 1],
    ['for an insertion', { mode: 'insertion', prompt: 'a hat' }, [[asModel(sent)], [sent]], 2],
    ['where it is transparent', {}, [[withHole(sent)], [withHole(plain([255, 255, 255]))]], 2],
  ] as const)('ends the edit %s', async (_, request, answers, asked) => {
    const { code, keys } = await edit({ request, answers });
    expect({ code, asked: keys.length }).toEqual({ code: 'ENGINE_UNEDITED', asked });
  });

  test('fails in passing when the second call does', async () => {
    const answers = [[sent], new EditError('MODEL_QUOTA', 'quota')];
    expect(await edit({ answers })).toMatchObject({ code: 'MODEL_QUOTA' });
  });

  test('is published with a warning where nothing was to be seen, by an embedded engine without', async () => {
    const wall = asModel(plain([180, 170, 160]));
    const { code, warnings } = await edit({ photo: wall, answers: [[asModel(wall)]] });
    expect({ code, warnings }).toEqual({
      code: 'none',
      warnings: expect.stringContaining('next to nothing'),
    });
  });
});

describe('a removal', () => {
  test.each([
    ['as good as real ones', [clean, asModel(clean)], ''],
    ['with another thing', [asModel(otherThing)], 'not around it'],
    ['of half of the thing', [asModel(withBoxOf(sent, clean, 48))], 'still shows part'],
    ['with a transparent part', [withHole(clean, 48)], 'still shows part'],
    ['in one colour', [withBoxOf(clean, plain([250, 250, 120]))], 'one colour'],
    ['cut by a bar', [withBoxOf(clean, plain([0, 0, 0]), 40)], 'one colour'],
  ] as const)('%s is published, and the doubts are told', async (_, candidates, words) => {
    for (const answer of candidates) {
      const { code, warnings } = await edit({ answers: [[answer]] });
      expect(code).toBe('none');
      if (words === '') expect(warnings).toBe('');
      else expect(warnings).toContain(words);
    }
  });

  test.each([
    ['white', [255, 255, 255]],
    ['black', [0, 0, 0]],
  ] as const)('that leaves the mask %s is refused', async (_, colour) => {
    expect(await edit({ answers: [[withBoxOf(clean, plain(colour))]] })).toMatchObject({
      code: 'ENGINE_DRIFTED',
    });
  });

  test('puts clean candidates first', async () => {
    const answers = [[asModel(otherThing), asModel(clean)]];
    const { outputs, warnings } = await edit({ request: { samples: 2 }, answers });
    const first = await decodeAnswer(outputs[0]!.bytes);
    const middle = 3 * (96 * size.width + 105);
    expect(Math.abs(first.data[middle + 2]! - clean.data[middle + 2]!)).toBeLessThan(30);
    expect(warnings).toContain('Answer 2');
  });
});

test('a small thing that is inserted in a large mask is an edit', async () => {
  const small = withDisc(clean, [190, 40, 60], { radiusX: 11, radiusY: 10 });
  const request = { mode: 'insertion', prompt: 'a button' };
  expect(await edit({ photo: clean, request, answers: [[asModel(small)]] })).toMatchObject({
    code: 'none',
    warnings: '',
  });
});

test('a thing that is inserted across the edge of the mask is published, and told to be cut off', async () => {
  const request = { mode: 'insertion', prompt: 'a barrel' };
  const warned = async (radiusX: number) => {
    const answer = asModel(withDisc(clean, [190, 40, 60], { radiusX }));
    const { code, warnings } = await edit({ photo: clean, request, answers: [[answer]] });
    return { code, isCut: String(warnings).includes('INSERTION_CUT') };
  };
  expect(await warned(36)).toEqual({ code: 'none', isCut: false });
  expect(await warned(52)).toEqual({ code: 'none', isCut: true });
});

test('an answer in quite another tone is no answer, though its tone could be turned back', async () => {
  const dark = { ...sent, data: sent.data.map((level) => level / 2) };
  const lighter = (levels: number) => ({ ...clean, data: clean.data.map((level) => level / 2 + levels) });
  const codeOf = async (levels: number) => (await edit({ photo: dark, answers: [[lighter(levels)]] })).code;
  expect(await codeOf(50)).toBe('none');
  expect(await codeOf(80)).toBe('ENGINE_DRIFTED');
});
