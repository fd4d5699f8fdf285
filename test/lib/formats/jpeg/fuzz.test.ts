import { beforeAll, describe, expect, it } from 'vitest';
import { EditError } from '../../../../lib/errors.ts';
import { dropStaleMetadata, markAsComposite } from '../../../../lib/formats/jpeg/metadata.ts';
import { proveSplice } from '../../../../lib/formats/jpeg/proof/prove.ts';
import { readJpegStructure } from '../../../../lib/formats/jpeg/scan/structure.ts';
import { spliceJpeg } from '../../../../lib/formats/jpeg/splice/splice.ts';
import type { Raster } from '../../../../lib/pixels/raster.ts';
import { jpegKinds } from '../../../support/jpeg-kinds.ts';
import { picture, seeded } from '../../../support/jpeg-pictures.ts';

/** A longer search by hand: FUZZ_ROUNDS=20, and another FUZZ_SEED. */
const rounds = Number(process.env['FUZZ_ROUNDS'] ?? 1);
const side = 40;
const random = seeded(Number(process.env['FUZZ_SEED'] ?? 20));
const below = (n: number) => Math.floor(random() * n);
const before: Raster = picture(side, side, 4, 3);
const after: Raster = picture(side, side, 4, 4);

/** Splices near the top left corner, where nearly every damaged file still has pixels. */
function trySplice(source: Uint8Array): 'spliced' | 'refused' {
  let structure: ReturnType<typeof readJpegStructure>;
  try {
    structure = readJpegStructure(source);
  } catch (error) {
    expect(error).toBeInstanceOf(EditError);
    const refused = spliceJpeg({ source, patches: [] });
    expect(refused.kind).toBe('unsupported');
    return 'refused';
  }
  const width = Math.min(side, structure.width);
  const height = Math.min(side, structure.height);
  const channels = structure.components.length;
  const cut = (raster: Raster) => ({
    width,
    height,
    channels,
    data: raster.data.subarray(0, width * height * channels),
  });
  const box = { left: 0, top: 0, width, height };
  const result = spliceJpeg({ source, patches: [{ box, before: cut(before), after: cut(after) }] });
  if (result.kind === 'unsupported') return 'refused';
  // What is written of a damaged file must still be that file outside the patch.
  const proof = proveSplice({ source, output: result.bytes, touched: result.touched });
  if (result.bytes !== source && structure.scans[0]!.restartInterval === 0)
    expect(proof).toMatchObject({ holds: true });
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
    const structure = readJpegStructure(source);
    const lastScan = structure.scans.at(-1)!;
    const lengths = new Set([
      0,
      1,
      2,
      3,
      ...structure.segments.flatMap(({ offset, dataOffset, end }) => [
        offset,
        offset + 1,
        dataOffset,
        end - 1,
        end,
      ]),
    ]);
    for (let i = 0; i < 8 * rounds; i++) lengths.add(below(lastScan.dataEnd));
    for (const length of lengths) {
      if (length > lastScan.dataEnd - 3) continue;
      const cut = Uint8Array.from(source.subarray(0, length));
      tryMetadata(cut);
      const outcome = trySplice(cut);
      // An interval nobody edits is copied unseen: behind restart markers a cut may go unnoticed.
      if (lastScan.restartInterval === 0) expect(outcome).toBe('refused');
    }
  });

  it('never crashes, hangs or writes another picture when bits flip', () => {
    const header = readJpegStructure(source).scans[0]!.dataOffset;
    for (let i = 0; i < 24 * rounds; i++) {
      const damaged = Uint8Array.from(source);
      const range = i % 2 === 0 ? header : source.length;
      for (let n = 1 + below(3); n > 0; n--) damaged[below(range)]! ^= 1 << below(8);
      trySplice(damaged);
      tryMetadata(damaged);
    }
  });

  it('never crashes when headers are spliced with noise, or runs are repeated, moved or lost', () => {
    for (let i = 0; i < 12 * rounds; i++) {
      const from = below(source.length);
      const length = below(64);
      const noise = Uint8Array.from({ length }, () => below(256));
      const parts = [
        [source.subarray(0, from), noise, source.subarray(from + length)],
        [source.subarray(0, from), source.subarray(from + length)],
        [source.subarray(0, from), source.subarray(Math.max(0, from - length))],
      ][i % 3]!;
      const damaged = Uint8Array.from(Buffer.concat(parts));
      trySplice(damaged);
      tryMetadata(damaged);
    }
  });
});

describe('adversarial headers', () => {
  let source: Uint8Array;
  beforeAll(async () => {
    source = await jpegKinds[0]!.make();
  });
  const patched = (marker: number, at: number, bytes: readonly number[]) => {
    const segment = readJpegStructure(source).segments.find((each) => each.marker === marker)!;
    const copy = Uint8Array.from(source);
    copy.set(bytes, segment.dataOffset + at);
    return copy;
  };

  it('refuses a small file that claims 65535 x 65535 pixels before taking memory', () => {
    const huge = patched(0xc0, 1, [0xff, 0xff, 0xff, 0xff]);
    const heap = process.memoryUsage().arrayBuffers;
    expect(spliceJpeg({ source: huge, patches: [] })).toMatchObject({
      kind: 'unsupported',
      code: 'IMAGE_TRUNCATED',
    });
    expect(process.memoryUsage().arrayBuffers - heap).toBeLessThan(1 << 20);
  });

  const three = (raster: Raster) => ({
    ...raster,
    channels: 3,
    data: raster.data.subarray(0, side * side * 3),
  });

  it.each([
    ['12 bits a sample', 0xc0, 0, [12], 'KIND_UNSUPPORTED'],
    ['no height', 0xc0, 1, [0, 0], 'KIND_UNSUPPORTED'],
    ['no width', 0xc0, 3, [0, 0], 'IMAGE_UNREADABLE'],
    ['a sampling factor of 0', 0xc0, 7, [0x02], 'IMAGE_UNREADABLE'],
    ['a quantisation table nobody defined', 0xc0, 8, [3], 'IMAGE_UNREADABLE'],
    ['a component the frame lacks', 0xda, 1, [99], 'IMAGE_UNREADABLE'],
    ['a Huffman table nobody defined', 0xda, 2, [0x33], 'IMAGE_UNREADABLE'],
    ['an over-subscribed Huffman table', 0xc4, 1, [3], 'IMAGE_UNREADABLE'],
    ['a quantisation step of 0', 0xdb, 1, [0], 'IMAGE_UNREADABLE'],
  ] as const)('refuses %s', (_, marker, at, bytes, code) => {
    const box = { left: 0, top: 0, width: side, height: side };
    expect(
      spliceJpeg({
        source: patched(marker, at, bytes),
        patches: [{ box, before: three(before), after: three(after) }],
      }),
    ).toMatchObject({ kind: 'unsupported', code });
  });

  it.each([
    [0xc3, 'lossless'],
    [0xc9, 'arithmetic'],
    [0xc5, 'hierarchical'],
  ])('names the process of SOF %i', (sof, name) => {
    const copy = Uint8Array.from(source);
    copy[readJpegStructure(source).segments.find(({ marker }) => marker === 0xc0)!.offset + 1] = sof;
    expect(spliceJpeg({ source: copy, patches: [] })).toMatchObject({
      code: 'KIND_UNSUPPORTED',
      reason: expect.stringContaining(name),
    });
  });
});
