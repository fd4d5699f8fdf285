import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { engineFor } from '../../../lib/engines/engines.ts';
import type { ModelSettings, ReadObject } from '../../../lib/engines/entry.ts';
import { assertRoom } from '../../../lib/engines/onnx/model-file.ts';
import { decodeAnswer } from '../../../lib/formats/vips/answer.ts';
import { engineCodec } from '../../../lib/formats/vips/engine-codec.ts';
import type { Raster } from '../../../lib/pixels/raster.ts';
import { errorOf } from '../../support/error-of.ts';
import { modelSettings } from '../../support/fake-model.ts';
import { removalRequest } from '../../support/inpaint-request.ts';
import { lamaLike, miganLike, sha256Of } from '../../support/onnx-graphs.ts';
import { boxMask } from '../../support/pictures.ts';
import { useFolder } from '../../support/use.ts';

const folder = await useFolder();
const signal = new AbortController().signal;

/** Two columns of one colour each, red 200 and green 40, in the known part; white where the hole is. */
const size = { width: 40, height: 20 };
const hole = { left: 10, top: 5, width: 20, height: 10 };
const mask = boxMask(size, hole);
const crop: Raster = {
  ...size,
  channels: 3,
  data: Uint8Array.from({ length: 40 * 20 * 3 }, (_, i) => {
    if (mask.data[Math.trunc(i / 3)]) return 255;
    return i % 3 === 0 ? 200 : i % 3 === 1 ? 40 : 0;
  }),
};

interface Setup {
  readonly file?: Uint8Array;
  readonly settings?: Partial<NonNullable<ModelSettings['onnx']>>;
  readonly readObject?: ReadObject;
}

async function engineWith({ file = lamaLike(255), settings, readObject }: Setup) {
  const path = join(folder, `${sha256Of(file).slice(0, 8)}.onnx`);
  await writeFile(path, file);
  const onnx = { model: path, sha256: sha256Of(file), outputScale: 255 as const, ...settings };
  const tuning = readObject === undefined ? {} : { readObject };
  return engineFor(
    { engine: 'onnx', model: undefined },
    { ...modelSettings, onnx },
    { codec: engineCodec, tuning },
  );
}

async function filled(setup: Setup) {
  const engine = await engineWith(setup);
  const { outcomes, calls } = await engine.inpaint(removalRequest({ crop, mask }), signal);
  expect(calls).toBe(0);
  return decodeAnswer((outcomes[0] as { image: { bytes: Uint8Array } }).image.bytes);
}

const pixel = ({ data, width }: Raster, x: number, y: number) => [
  ...data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3),
];

describe('a model', () => {
  it.each([
    ['like LaMa, with 255 as white', { file: lamaLike(255) }],
    ['like LaMa, with 1 as white', { file: lamaLike(1), settings: { outputScale: 1 as const } }],
    ['like LaMa, of any size', { file: lamaLike(255, 'side') }],
    ['like MI-GAN', { file: miganLike() }],
  ])(
    '%s fills the hole from the known, and knows neither the hole nor beyond the border',
    async (_, setup) => {
      const answer = await filled(setup);
      expect([answer.width, answer.height]).toEqual([40, 20]);
      // In the known part every pixel has one colour; anything else in the mean would show.
      expect(pixel(answer, 20, 10)).toEqual([200, 40, 0]);
      expect(pixel(answer, 0, 0)).toEqual([200, 40, 0]);
    },
  );

  it('is read from a bucket at its generation', async () => {
    const asked: unknown[] = [];
    const readObject: ReadObject = async (id, check) => {
      asked.push(id);
      check(500);
      return lamaLike(255);
    };
    const answer = await filled({ settings: { model: 'gs://models/a/lama.onnx#17' }, readObject });
    expect(pixel(answer, 20, 10)).toEqual([200, 40, 0]);
    expect(asked).toEqual([{ bucket: 'models', name: 'a/lama.onnx', generation: '17' }]);
  });

  it('answers again after an abort, which ends its thread', async () => {
    const engine = await engineWith({});
    const caller = new AbortController();
    const works = [1, 2, 3].map(() => engine.inpaint(removalRequest({ crop, mask }), caller.signal));
    setImmediate(() => caller.abort());
    expect((await Promise.all(works.map(errorOf))).map(({ code }) => code)).toEqual(
      Array(3).fill('CANCELLED'),
    );
    expect(pixel(await filled({}), 20, 10)).toEqual([200, 40, 0]);
  });
});

describe('what cannot be used is told', () => {
  const small = lamaLike(255);
  it.each([
    ['no file', { settings: { model: '/nowhere/lama.onnx' } }, 'MODEL_MISSING', '/nowhere'],
    ['another checksum', { settings: { sha256: 'a'.repeat(64) } }, 'MODEL_CHECKSUM', sha256Of(small)],
    ['a checksum that nobody named', { settings: { sha256: undefined } }, 'MODEL_CHECKSUM', sha256Of(small)],
    ['no ONNX file', { file: Buffer.from('not a model') }, 'MODEL_CONTRACT', 'runtime'],
    ['other inputs', { file: lamaLike(255, 256) }, 'MODEL_CONTRACT', 'image float32 [batch, 3, 256, 256]'],
    ['no scale', { settings: { outputScale: undefined } }, 'CONFIG_INVALID', 'ONNX_OUTPUT_SCALE'],
    [
      'no object',
      { settings: { model: 'gs://models/lama.onnx' }, readObject: async () => undefined },
      'MODEL_MISSING',
      'gs://',
    ],
  ] satisfies [string, Setup, string, string][])('%s', async (_, setup, code, named) => {
    const error = await errorOf(filled(setup));
    expect(error.code).toBe(code);
    expect(error.message).toContain(named);
  });

  it('too little memory, before the file is read', async () => {
    const mebibyte = 1024 * 1024;
    expect(() => assertRoom(28 * mebibyte, 1024 * mebibyte)).not.toThrow();
    expect(() => assertRoom(208 * mebibyte, 512 * mebibyte)).toThrow('Expected 966 MiB');
    let wasRead = false;
    const readObject: ReadObject = async (_, check) => {
      check(1e12);
      wasRead = true;
      return undefined;
    };
    const settings = { model: 'gs://models/huge.onnx' };
    expect((await errorOf(filled({ settings, readObject }))).code).toBe('MODEL_TOO_LARGE');
    expect(wasRead).toBe(false);
  });
});
