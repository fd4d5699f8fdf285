import { beforeAll, describe, expect, it } from 'vitest';
import { proveSplice } from '../../../../lib/formats/jpeg/proof/prove.ts';
import { readJpegStructure } from '../../../../lib/formats/jpeg/scan/structure.ts';
import { spliceJpeg } from '../../../../lib/formats/jpeg/splice/splice.ts';
import { jpegKinds } from '../../../support/jpeg-kinds.ts';
import { crop, decodeJpeg, ellipse, paste, picture, seeded } from '../../../support/jpeg-pictures.ts';
import { decodeReference } from '../../../support/reference-jpeg.ts';

const box = { left: 37, top: 29, width: 75, height: 58 };

async function splice(source: Uint8Array) {
  const before = crop(await decodeJpeg(source), box);
  const after = paste(before, picture(box.width, box.height, before.channels as 1 | 3 | 4, 7), ellipse(box));
  const result = spliceJpeg({ source, patches: [{ box, before, after }] });
  if (result.kind !== 'spliced') throw new Error(result.reason);
  return result;
}

describe.each(jpegKinds)('the proof of $name', (kind) => {
  it('holds for a splice and compares every block that was not touched', async () => {
    const source = await kind.make();
    const { bytes, touched, structure, tables } = await splice(source);
    const proof = proveSplice({ source, output: bytes, touched });
    const blocks = structure.components.reduce(
      (sum, { blocksWide, blocksHigh }) => sum + blocksWide * blocksHigh,
      0,
    );
    const touchedBlocks = touched.reduce((sum, { count }) => sum + count, 0);
    expect(proof).toEqual({
      holds: true,
      comparedBlocks: blocks - touchedBlocks,
      differingBlocks: 0,
      touchedBlocks,
      structureEqual: true,
      tablesEqual: tables === 'kept',
      metadataEqual: true,
      trailerEqual: true,
      fault: undefined,
    });
  });

  it('counts exactly the touched blocks when none may differ', async () => {
    const source = await kind.make();
    const { bytes, touched } = await splice(source);
    const none = touched.map(({ bitmap }) => ({ bitmap: new Uint8Array(bitmap.length) }));
    const proof = proveSplice({ source, output: bytes, touched: none });
    expect(proof.holds).toBe(false);
    expect(proof.differingBlocks).toBe(touched.reduce((sum, { count }) => sum + count, 0));
  });
});

describe('the proof', () => {
  let source: Uint8Array;
  let output: Uint8Array;
  let touched: Awaited<ReturnType<typeof splice>>['touched'];
  beforeAll(async () => {
    source = await jpegKinds[0]!.make();
    ({ bytes: output, touched } = await splice(source));
  });

  it('fails for any flipped bit of the scan that changes a block outside the touched ones', () => {
    const random = seeded(3);
    const { dataOffset, dataEnd } = readJpegStructure(output).scans[0]!;
    const reference = decodeReference(source);
    let seen = 0;
    for (let i = 0; i < 300; i++) {
      const damaged = Uint8Array.from(output);
      const at = dataOffset + Math.floor(random() * (dataEnd - dataOffset - 2));
      damaged[at]! ^= 1 << Math.floor(random() * 8);
      const differs = differsOutside(reference, damaged);
      const proof = proveSplice({ source, output: damaged, touched });
      // The reference tolerates data after the last block; the proof does not.
      if (differs) {
        expect(proof.holds).toBe(false);
        seen++;
      }
    }
    expect(seen).toBeGreaterThan(200);
  });

  it('fails when a quantisation step, the size or the sampling differs', () => {
    for (const segment of readJpegStructure(output).segments.filter(({ marker }) =>
      [0xdb, 0xc0, 0xda].includes(marker),
    )) {
      const damaged = Uint8Array.from(output);
      damaged[segment.end - 1]! ^= 1;
      expect(proveSplice({ source, output: damaged, touched }).holds).toBe(false);
    }
  });

  it('says when metadata or the bytes after EOI differ', () => {
    const comment = [0xff, 0xfe, 0, 3, 65];
    const commented = Uint8Array.from([...output.subarray(0, 2), ...comment, ...output.subarray(2)]);
    expect(proveSplice({ source, output: commented, touched })).toMatchObject({
      holds: true,
      metadataEqual: false,
    });
    const longer = Uint8Array.from([...output, 1]);
    expect(proveSplice({ source, output: longer, touched })).toMatchObject({
      holds: true,
      trailerEqual: false,
    });
  });

  it('does not hold for a truncated output', () => {
    const proof = proveSplice({ source, output: output.subarray(0, output.length >> 1), touched });
    expect(proof).toMatchObject({ holds: false, fault: expect.stringContaining('Expected') });
  });

  function differsOutside(reference: ReturnType<typeof decodeReference>, damaged: Uint8Array): boolean {
    try {
      return decodeReference(damaged).components.some(({ coefficients }, c) =>
        coefficients.some(
          (v, i) => v !== reference.components[c]!.coefficients[i] && touched[c]!.bitmap[i >> 6] === 0,
        ),
      );
    } catch {
      return true;
    }
  }
});
