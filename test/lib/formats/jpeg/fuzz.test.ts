import { beforeAll, describe, expect, it } from 'vitest';
import { EditError } from '../../../../lib/errors.ts';
import { dropStaleMetadata, markAsComposite } from '../../../../lib/formats/jpeg/container/metadata.ts';
import { proveSplice } from '../../../../lib/formats/jpeg/proof/prove.ts';
import { type JpegStructure, readJpegStructure } from '../../../../lib/formats/jpeg/scan/structure.ts';
import { spliceJpeg } from '../../../../lib/formats/jpeg/splice/splice.ts';
import type { Raster } from '../../../../lib/pixels/raster.ts';
import { damaged } from '../../../support/damage.ts';
import { jpegKinds } from '../../../support/jpeg-kinds.ts';
import { picture } from '../../../support/jpeg-pictures.ts';
import { random } from '../../../support/pictures.ts';

/** A longer search by hand: FUZZ_ROUNDS=20, and another FUZZ_SEED. */
const rounds = Number(process.env['FUZZ_ROUNDS'] ?? 1);
const seed = Number(process.env['FUZZ_SEED'] ?? 20);
const side = 40;
const before = picture(side, side, 4, 3);
const after = picture(side, side, 4, 4);

/** A change near the top left corner, where nearly every damaged file still has pixels. */
function patchOf({ components, ...size }: Pick<JpegStructure, 'components' | 'width' | 'height'>) {
  const width = Math.min(side, size.width);
  const height = Math.min(side, size.height);
  const channels = components.length;
  const cut = ({ data }: Raster) => ({
    width,
    height,
    channels,
    data: data.subarray(0, width * height * channels),
  });
  return { box: { left: 0, top: 0, width, height }, before: cut(before), after: cut(after) };
}

function trySplice(source: Uint8Array): 'spliced' | 'refused' {
  let structure: JpegStructure;
  try {
    structure = readJpegStructure(source);
  } catch (error) {
    expect(error).toBeInstanceOf(EditError);
    expect(spliceJpeg({ source, patches: [] }).kind).toBe('unsupported');
    return 'refused';
  }
  const result = spliceJpeg({ source, patches: [patchOf(structure)] });
  if (result.kind === 'unsupported') return 'refused';
  // What is written of a damaged file must still be that file outside the patch.
  const proof = proveSplice({ source, output: result.bytes, touched: result.touched });
  const isWholeDecoded = structure.scans[0]!.restartInterval === 0;
  if (result.bytes !== source && isWholeDecoded) expect(proof).toMatchObject({ holds: true });
  return 'spliced';
}

function tryMetadata(source: Uint8Array): void {
  for (const change of [dropStaleMetadata, markAsComposite]) {
    try {
      expect(change(source).bytes.length).toBeLessThan(source.length + 2000);
    } catch (error) {
      expect(error).toBeInstanceOf(EditError);
    }
  }
}

describe.each(jpegKinds)('damaged $name', (kind) => {
  let source: Uint8Array;
  beforeAll(async () => {
    source = await kind.make();
  });

  it('is refused when cut anywhere before its last block', () => {
    const { scans, segments } = readJpegStructure(source);
    const { dataEnd, restartInterval } = scans.at(-1)!;
    const next = random(seed);
    const lengths = new Set([
      ...[0, 1, 2, 3],
      ...segments.flatMap(({ offset, dataOffset, end }) => [offset, offset + 1, dataOffset, end - 1, end]),
      ...Array.from({ length: 8 * rounds }, () => Math.floor(next() * dataEnd)),
    ]);
    for (const length of lengths) {
      if (length > dataEnd - 3) continue;
      const cut = source.slice(0, length);
      tryMetadata(cut);
      const outcome = trySplice(cut);
      // A restart interval that nobody edits is copied without decoding: there a cut may go unnoticed.
      if (restartInterval === 0) expect(outcome).toBe('refused');
    }
  });

  it(`neither crashes nor hangs nor is written as another picture, seed ${seed}`, () => {
    const { dataOffset } = readJpegStructure(source).scans[0]!;
    const header = source.subarray(0, dataOffset);
    const files = [...damaged(source, { count: 18 * rounds, seed })];
    for (const part of damaged(header, { count: 18 * rounds, seed: seed + 1 }))
      files.push(Buffer.concat([part, source.subarray(dataOffset)]));
    for (const file of files) {
      trySplice(Uint8Array.from(file));
      tryMetadata(Uint8Array.from(file));
    }
  });
});

describe('adversarial headers', () => {
  let source: Uint8Array;
  beforeAll(async () => {
    source = await jpegKinds[0]!.make();
  });
  const segmentOf = (marker: number) =>
    readJpegStructure(source).segments.find((each) => each.marker === marker)!;
  const patched = (at: number, bytes: readonly number[]) => {
    const copy = Uint8Array.from(source);
    copy.set(bytes, at);
    return copy;
  };

  it('refuses a small file that claims 65535 x 65535 pixels before taking memory', () => {
    const huge = patched(segmentOf(0xc0).dataOffset + 1, [0xff, 0xff, 0xff, 0xff]);
    const heap = process.memoryUsage().arrayBuffers;
    expect(spliceJpeg({ source: huge, patches: [] })).toMatchObject({
      kind: 'unsupported',
      code: 'IMAGE_TRUNCATED',
    });
    expect(process.memoryUsage().arrayBuffers - heap).toBeLessThan(1 << 20);
  });

  it.each([
    ['12 bits a sample', 0xc0, 0, [12], 'KIND_UNSUPPORTED'],
    ['no height', 0xc0, 1, [0, 0], 'KIND_UNSUPPORTED'],
    ['no width', 0xc0, 3, [0, 0], 'IMAGE_UNREADABLE'],
    ['a sampling factor of 0', 0xc0, 7, [0x02], 'IMAGE_UNREADABLE'],
    ['a quantisation table that is not defined', 0xc0, 8, [3], 'IMAGE_UNREADABLE'],
    ['a component the frame lacks', 0xda, 1, [99], 'IMAGE_UNREADABLE'],
    ['a Huffman table that is not defined', 0xda, 2, [0x33], 'IMAGE_UNREADABLE'],
    ['an over-subscribed Huffman table', 0xc4, 1, [3], 'IMAGE_UNREADABLE'],
    ['a quantisation step of 0', 0xdb, 1, [0], 'IMAGE_UNREADABLE'],
  ] as const)('refuses %s', (_, marker, at, bytes, code) => {
    const broken = patched(segmentOf(marker).dataOffset + at, bytes);
    const patches = [patchOf(readJpegStructure(source))];
    expect(spliceJpeg({ source: broken, patches })).toMatchObject({ kind: 'unsupported', code });
  });

  it.each([
    ['lossless', 0xc3],
    ['arithmetic', 0xc9],
    ['hierarchical', 0xc5],
  ])('refuses %s JPEG by name', (name, sof) => {
    const file = patched(segmentOf(0xc0).offset + 1, [sof]);
    const refusal = { code: 'KIND_UNSUPPORTED', reason: expect.stringContaining(name) };
    expect(spliceJpeg({ source: file, patches: [] })).toMatchObject(refusal);
  });
});
