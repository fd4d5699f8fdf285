import { beforeAll, describe, expect, it } from 'vitest';
import { proveSplice } from '../../../../lib/formats/jpeg/proof/prove.ts';
import { indexScan } from '../../../../lib/formats/jpeg/scan/scan-index.ts';
import { readJpegStructure } from '../../../../lib/formats/jpeg/scan/structure.ts';
import { walkJpeg } from '../../../../lib/formats/jpeg/scan/walk.ts';
import type { Raster } from '../../../../lib/pixels/raster.ts';
import { jpegKinds } from '../../../support/jpeg-kinds.ts';
import { ellipse, encodeJpeg, picture } from '../../../support/jpeg-pictures.ts';
import { random } from '../../../support/pictures.ts';
import { withEachPoison } from '../../../support/poisoned-kernels.ts';
import { decodeReference } from '../../../support/reference-jpeg.ts';
import { box, changedBlocks, type Edited, spliceBox, spliced } from '../../../support/spliced-jpeg.ts';

/** The proof when only these blocks of the first component may differ. */
const prove = (source: Uint8Array, output: Uint8Array, mayDiffer: readonly number[] = []) =>
  proveSplice({
    source,
    output,
    touched: readJpegStructure(source).components.map(({ blocksWide, blocksHigh }, component) => {
      const bitmap = new Uint8Array(blocksWide * blocksHigh);
      if (component === 0) for (const at of mayDiffer) bitmap[at] = 1;
      return bitmap;
    }),
  });

describe.each(jpegKinds)('the proof of $name', (kind) => {
  it('compares every block outside the touched ones, and counts those when none may differ', async () => {
    const { source, result } = await spliceBox(await kind.make(), ellipse(box));
    const { bytes, touched, structure } = result;
    const blocks = structure.components.map(({ blocksWide, blocksHigh }) => blocksWide * blocksHigh);
    const all = blocks.reduce((sum, count) => sum + count, 0);
    const touchedBlocks = touched.reduce((sum, bitmap) => sum + bitmap.filter((bit) => bit === 1).length, 0);
    expect(proveSplice({ source, output: bytes, touched })).toMatchObject({
      holds: true,
      comparedBlocks: all - touchedBlocks,
      differingBlocks: 0,
      fault: undefined,
    });
    expect(prove(source, bytes)).toMatchObject({ holds: false, differingBlocks: touchedBlocks });
  });
});

describe('the proof', () => {
  let edited: Edited;
  beforeAll(async () => {
    edited = await spliceBox(await jpegKinds[0]!.make(), ellipse(box));
  });
  const proofOf = (output: Uint8Array) =>
    proveSplice({ source: edited.source, output, touched: edited.result.touched });

  it('fails for any flipped bit of the scan that changes a block outside the touched ones', () => {
    const { source, result } = edited;
    const next = random(3);
    const { dataOffset, dataEnd } = readJpegStructure(result.bytes).scans[0]!;
    const reference = decodeReference(source);
    const differsOutside = (damaged: Uint8Array) => {
      try {
        const changed = changedBlocks(reference, damaged);
        return changed.some((blocks, c) => blocks.some((bit, i) => bit > result.touched[c]![i]!));
      } catch {
        return true;
      }
    };
    let seen = 0;
    for (let i = 0; i < 150; i++) {
      const damaged = Uint8Array.from(result.bytes);
      damaged[dataOffset + Math.floor(next() * (dataEnd - dataOffset - 2))]! ^= 1 << Math.floor(next() * 8);
      // The reference tolerates data after the last block; the proof does not.
      if (!differsOutside(damaged)) continue;
      expect(proofOf(damaged).holds).toBe(false);
      seen++;
    }
    expect(seen).toBeGreaterThan(100);
  });

  it('fails when a quantisation step, the frame or a scan header differs', () => {
    const { bytes } = edited.result;
    for (const { marker, end } of readJpegStructure(bytes).segments) {
      if (![0xdb, 0xc0, 0xda].includes(marker)) continue;
      const damaged = Uint8Array.from(bytes);
      damaged[end - 1]! ^= 1;
      expect(proofOf(damaged).holds).toBe(false);
    }
  });

  it('holds where metadata or the bytes after EOI differ', () => {
    const { bytes } = edited.result;
    const comment = [0xff, 0xfe, 0, 3, 65];
    const commented = Uint8Array.from([...bytes.subarray(0, 2), ...comment, ...bytes.subarray(2)]);
    expect(proofOf(commented).holds).toBe(true);
    expect(proofOf(Uint8Array.from([...bytes, 1])).holds).toBe(true);
  });

  it('fails for another bit behind the last block', () => {
    const { bytes } = edited.result;
    const { ends } = indexScan(bytes, readJpegStructure(bytes));
    // The last byte of this picture has bits that belong to no block.
    expect(ends[0]! % 8).toBeGreaterThan(0);
    const damaged = Uint8Array.from(bytes);
    damaged[readJpegStructure(bytes).scans[0]!.dataEnd - 1]! ^= 1;
    expect(proofOf(damaged)).toMatchObject({ holds: false, fault: expect.stringMatching(/ones/) });
  });

  it('fails when the index does not say where MCUs begin', () => {
    const { source, result } = edited;
    const walked = walkJpeg(source);
    const { positions } = walked.index!;
    // At 4:2:0 an MCU is 2 x 2 blocks. The proof stands again behind the last touched one and its neighbour.
    const { blocksWide } = result.structure.components[0]!;
    const last = result.touched[0]!.lastIndexOf(1);
    const row = Math.floor(last / blocksWide / 2);
    const behind = row * result.structure.mcusWide + Math.floor((last % blocksWide) / 2) + 2;
    positions[behind]! += 1;
    const proof = proveSplice({ source, output: result.bytes, touched: result.touched, walked });
    expect(proof).toMatchObject({ holds: false, fault: expect.stringMatching(/MCU/) });
  });

  it('and the splice make nothing of what lies around their inputs', () => {
    const { source, before, after, result } = edited;
    const outputs = withEachPoison(() => spliced(source, [{ box, before, after }]).bytes);
    for (const output of outputs) expect(Buffer.compare(output, result.bytes)).toBe(0);
    const proofs = withEachPoison(() => proofOf(result.bytes));
    for (const proof of proofs) expect(proof).toMatchObject({ holds: true, differingBlocks: 0 });
  });

  it('fails for a truncated output and says why', () => {
    const { bytes } = edited.result;
    const proof = proofOf(bytes.subarray(0, bytes.length >> 1));
    expect(proof).toMatchObject({ holds: false, fault: expect.any(String) });
  });
});

/** Bits that are equal on both sides are skipped without decoding one of them. */
describe('the proof, where bits are equal,', () => {
  const options = { quality: 90, optimiseCoding: false } as const;
  const flat = (level: number): Raster => ({
    width: 64,
    height: 64,
    channels: 1,
    data: new Uint8Array(64 * 64).fill(level),
  });

  it('sees a DC value that is carried through all blocks behind it', async () => {
    // At quality 90 the DC step is 3: all blocks but the first are coded as the same difference to the one
    // before.
    const [source, lighter] = [await encodeJpeg(flat(99), options), await encodeJpeg(flat(105), options)];
    expect(prove(source, source).holds).toBe(true);
    expect(prove(source, lighter, [0])).toMatchObject({ holds: false, differingBlocks: 63 });
  });

  it('sees one changed block far behind the first buffer', async () => {
    const noise = picture(1024, 1024, 1, 5);
    const changed = { ...noise, data: Uint8Array.from(noise.data) };
    for (let y = 1000; y < 1008; y++) changed.data.fill(200, y * 1024 + 480, y * 1024 + 488);
    const [source, output] = [await encodeJpeg(noise, options), await encodeJpeg(changed, options)];
    expect(source.length).toBeGreaterThan(4 * 64 * 1024);
    expect(prove(source, output)).toMatchObject({ holds: false, differingBlocks: 1 });
    expect(prove(source, output, [125 * 128 + 60]).holds).toBe(true);
  });

  it('sees that the codes have other meanings', async () => {
    const source = await encodeJpeg(picture(160, 160, 1, 2), options);
    // Runs of 3 and of 4 zeros before a value of 1 bit: their codes have the same length, so both files
    // decode.
    const output = Uint8Array.from(source);
    const { offset } = readJpegStructure(source).scans[0]!.members[0]!.ac!;
    const [three, four] = [output.indexOf(0x31, offset + 17), output.indexOf(0x41, offset + 17)];
    output[three] = 0x41;
    output[four] = 0x31;
    expect(prove(source, output).holds).toBe(false);
  });
});
