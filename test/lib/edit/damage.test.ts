import { describe, expect, test } from 'vitest';
import { type EditResult, editor } from '../../../lib/edit.ts';
import { marker, readSegments } from '../../../lib/formats/jpeg/container/segments.ts';
import { parseRequest } from '../../../lib/requests/edit-request.ts';
import { greyPaint, paintEngine } from '../../support/engines.ts';
import { jpegFixture } from '../../support/jpeg-fixtures.ts';
import { jpegKinds } from '../../support/jpeg-kinds.ts';
import { silentOddities, withBytesBeforeEnd, withBytesInHeader } from '../../support/odd-jpegs.ts';
import { boxMask, maskPng, noisePicture, pipelineOf } from '../../support/pictures.ts';
import { tiffFile } from '../../support/tiff-files.ts';

const size = { width: 167, height: 131 };
const options = {
  limits: { maxImageBytes: 1e7, maxImagePixels: 1e7 },
  defaults: { featherPx: 8, dilationPx: 0, modelDilation: 0.01, maxRegions: 4, maxTiles: 16 },
};

/** Edits at the top: damage further down is not decoded for the model. */
async function edit(image: Uint8Array, { width, height } = size) {
  const { engine, requests } = paintEngine(greyPaint);
  const mask = await maskPng(boxMask({ width, height }, { left: 20, top: 8, width: 24, height: 16 }));
  const run = editor({ engine, ...options });
  const work = run({ image, mask, request: parseRequest({}) }, new AbortController().signal);
  const failed = await work.then(
    () => undefined,
    (error: { code?: string }) => error.code,
  );
  return { failed, asked: requests.length, result: failed === undefined ? await work : undefined };
}

/** What is told of the file; of the flat grey answer more is told. */
const warningsOf = (result: EditResult | undefined) =>
  result?.report.warnings.filter((warning) => !warning.startsWith('The answer for region'));

const isRefusal = { failed: expect.stringMatching(/^IMAGE_(TRUNCATED|UNREADABLE)$/), asked: 0 };

describe('damage is told before the model is asked (G4)', () => {
  /** Where no pixel near the mask is coded. */
  const late = (bytes: Uint8Array) => Math.floor(bytes.length * 0.9);

  test.each(jpegKinds)('a JPEG that ends early, with and without its end marker: $name', async (kind) => {
    const bytes = Buffer.from(await kind.make());
    const cut = bytes.subarray(0, late(bytes));
    expect(await edit(cut)).toMatchObject(isRefusal);
    expect(await edit(Buffer.concat([cut, Buffer.from([0xff, 0xd9])]))).toMatchObject(isRefusal);
  });

  test('a JPEG that lacks a part of a restart interval', async () => {
    const bytes = jpegFixture('restartMarkers');
    const at = bytes.lastIndexOf(Buffer.from([0xff, 0xd6]));
    const damaged = Buffer.concat([bytes.subarray(0, at - 9), bytes.subarray(at)]);
    expect(await edit(damaged, { width: 80, height: 64 })).toMatchObject(isRefusal);
  });

  test('a PNG and a TIFF with other bytes in their last rows', async () => {
    // Tall: libvips reads ahead of the rows that the model sees.
    const tall = { width: 300, height: 1600 };
    const pixels = pipelineOf(noisePicture({ ...tall, channels: 3, depth: 8 }));
    for (const image of [pixels.clone().png(), pixels.clone().tiff({ compression: 'lzw' })]) {
      const bytes = await image.toBuffer();
      bytes.fill(0x5a, late(bytes), late(bytes) + 9);
      expect(await edit(bytes, tall)).toMatchObject(isRefusal);
    }
  });

  test('a TIFF whose strip ends early', async () => {
    const [samples, tags] = [Buffer.alloc(160 * 131 * 3), { 279: 167 * 131 * 3, 278: 131 }];
    const kind = { ...size, bits: 8, channels: 3, photometric: 2 };
    expect(await edit(tiffFile({ ...kind, samples, tags }))).toMatchObject(isRefusal);
  });
});

describe('what decoders only warn of is accepted, and named', () => {
  const warnings = async (image: Uint8Array) => warningsOf((await edit(image)).result);
  const jpeg = () => jpegKinds[0]!.make();

  test('bytes that do not belong to a JPEG', async () => {
    const inHeader = 'Decoders warn of this JPEG: 10 extraneous bytes before marker 0xdb.';
    expect(await warnings(withBytesInHeader(await jpeg()))).toEqual([inHeader]);
    const atEnd = 'Decoders warn of this JPEG: 300 extraneous bytes before marker 0xd9.';
    expect(await warnings(withBytesBeforeEnd(300)(await jpeg()))).toEqual([atEnd]);
    for (const change of Object.values(silentOddities))
      expect(await warnings(change(await jpeg()))).toEqual([]);
  });

  test('a JPEG that lacks nothing but its end marker', async () => {
    const bytes = await jpeg();
    expect(await warnings(bytes.subarray(0, -2))).toEqual([
      'Decoders warn of this JPEG: it ends without its end marker.',
    ]);
  });

  test('odd tags of a TIFF', async () => {
    const kind = { ...size, bits: 8, channels: 3, photometric: 2 };
    const samples = Buffer.from(noisePicture({ ...size, channels: 3, depth: 8 }).data.buffer);
    const said = await warnings(tiffFile({ ...kind, samples, tags: { 270: 'a\0b' } }));
    expect(said).toEqual(['Decoders warn of this TIFF, and read it all the same.']);
  });
});

describe('a TIFF that libvips opens but cannot decode', () => {
  const kind = { ...size, bits: 8, channels: 3, photometric: 2, samples: Buffer.alloc(167 * 131 * 3) };
  test.each([
    ['old JPEG', { 259: 6 }],
    ['LZMA', { 259: 34925 }],
    ['Zstandard', { 259: 50000 }],
    ['planar tiles', { 284: 2, 322: 16, 323: 16 }],
  ])('%s is refused as a kind', async (_, tags) => {
    expect(await edit(tiffFile({ ...kind, tags }))).toMatchObject({ failed: 'KIND_UNSUPPORTED', asked: 0 });
  });
});

test('a JPEG that must be encoded again keeps its tables, and the report tells why', async () => {
  const image = jpegFixture('arithmetic');
  const { result } = await edit(image, { width: 80, height: 64 });
  const tablesOf = (bytes: Uint8Array) =>
    readSegments(bytes)
      .filter((segment) => segment.marker === marker.dqt)
      .map(({ dataOffset, end }) => Buffer.from(bytes.subarray(dataOffset, end)).toString('hex'));
  expect(tablesOf(result!.outputs[0]!.bytes)).toEqual(tablesOf(image));
  expect(warningsOf(result)).toEqual([
    'The whole JPEG was encoded again (Expected Huffman coding, got arithmetic coding). ' +
      'It has the quantisation tables it had.',
  ]);
});

test('a JPEG with a marker that only decoders pass over is encoded again, and the report tells', async () => {
  const whole = await jpegKinds[0]!.make();
  const reserved = Buffer.from([0xff, 0xaa, 0, 2]);
  const { result } = await edit(Buffer.concat([whole.subarray(0, -2), reserved, whole.subarray(-2)]));
  expect(result!.report.proofs).toMatchObject([{ outside: 're-encoded' }]);
  expect(result!.report.droppedMetadata).toEqual([expect.stringContaining('headers')]);
});
