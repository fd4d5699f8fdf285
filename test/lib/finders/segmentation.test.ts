import { describe, expect, it } from 'vitest';
import { EditError } from '../../../lib/errors.ts';
import type { FinderCodec } from '../../../lib/finders/finder.ts';
import { segmentation, segmentationModel } from '../../../lib/finders/segmentation.ts';
import { decodeAnswer } from '../../../lib/formats/vips/answer.ts';
import { engineCodec } from '../../../lib/formats/vips/engine-codec.ts';
import type { Size } from '../../../lib/pixels/raster.ts';
import { type FakeAnswer, fakeModel, modelSettings } from '../../support/fake-model.ts';
import { boxMask, maskPng, wavePicture } from '../../support/pictures.ts';

const size = { width: 40, height: 30 };
const box = { left: 4, top: 6, width: 10, height: 8 };
const codec: FinderCodec = { ...engineCodec, decode: ({ bytes }) => decodeAnswer(bytes) };

async function prediction(at: Size = size, labels: unknown = [{ label: 'car', score: 0.9 }]) {
  const bytes = await maskPng(boxMask(at, box));
  return { mimeType: 'image/png', bytesBase64Encoded: bytes.toString('base64'), labels };
}

async function find(answer: FakeAnswer) {
  const { fetch, seen } = fakeModel(answer);
  const tuning = { fetch, maxTries: 1, authorize: async () => new Headers() };
  const options = { model: undefined, settings: modelSettings, tuning, maxCallsPerSample: 1, codec };
  const finder = await segmentation.around(await segmentationModel(options), codec);
  const wanted = { mode: 'prompt', classes: undefined, words: 'the red car' } as const;
  const request = { picture: wavePicture(size), wanted, labels: { team: 'a' } };
  return { found: await finder.find(request, new AbortController().signal), seen };
}

it('joins nothing: each mask comes with its labels, whatever their shape', async () => {
  const predictions = [await prediction(), await prediction(size, [{ label: 'car', score: '0.5' }])];
  const { found, seen } = await find({ json: { predictions } });
  expect(found.masks.map(({ labels }) => labels)).toEqual([
    [{ label: 'car', score: 0.9 }],
    [{ label: 'car', score: 0.5 }],
  ]);
  expect(found.masks[0]?.mask.data).toEqual(boxMask(size, box).data);
  expect(seen[0]?.body).toMatchObject({ labels: { team: 'a' } });
});

it('brings a mask of another size to that of the picture', async () => {
  const { found } = await find({ json: { predictions: [await prediction({ width: 80, height: 60 })] } });
  const [{ mask } = { mask: undefined }] = found.masks;
  expect([mask?.width, mask?.height]).toEqual([40, 30]);
});

it.each([{ predictions: [] }, {}])('finds nothing where the service says so: %o', async (json) => {
  expect((await find({ json })).found.masks).toEqual([]);
});

describe('nonsense is a bad reply', () => {
  it.each([
    ['no object', async () => []],
    ['words', async () => ({ predictions: ['a car'] })],
    ['no mask', async () => ({ predictions: [{ labels: [] }] })],
    ['no picture', async () => ({ predictions: [{ bytesBase64Encoded: 'AAAA' }] })],
    ['another shape', async () => ({ predictions: [await prediction({ width: 30, height: 40 })] })],
  ])('%s', async (_, json) => {
    const error = await find({ json: await json() }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(EditError);
    expect(error).toMatchObject({ code: 'ENGINE_BAD_REPLY', kind: 'passing' });
    expect((error as Error).message).not.toContain('red car');
  });
});
