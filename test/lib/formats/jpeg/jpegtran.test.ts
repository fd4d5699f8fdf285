import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { spliceJpeg } from '../../../../lib/formats/jpeg/splice/splice.ts';
import { isPresent, jpegKinds } from '../../../support/jpeg-kinds.ts';
import { crop, decodeJpeg, picture } from '../../../support/jpeg-pictures.ts';

const box = { left: 37, top: 29, width: 75, height: 58 };
const kinds = isPresent('jpegtran') ? jpegKinds : [];
if (kinds.length === 0) console.info('jpegtran is not installed: lossless crops are not compared');

const jpegtran = (input: Uint8Array, region: string) =>
  execFileSync('jpegtran', ['-copy', 'none', '-optimize', '-crop', region], {
    input,
    stdio: ['pipe', 'pipe', 'ignore'],
  });

/** A lossless crop holds the coefficients of its region and nothing else: equal files are equal coefficients, says libjpeg. */
describe('jpegtran', () => {
  it.each(kinds.length > 0 ? kinds : [undefined])(
    'crops the regions beside an edit to the same files: $name',
    async (kind) => {
      if (!kind) return;
      const source = await kind.make();
      const before = crop(await decodeJpeg(source), box);
      const after = picture(box.width, box.height, kind.channels, 7);
      const result = spliceJpeg({ source, patches: [{ box, before, after }] });
      if (result.kind !== 'spliced') throw new Error(result.reason);
      const equals = (region: string) => jpegtran(result.bytes, region).equals(jpegtran(source, region));
      expect(['39x131+128+0', '167x35+0+96', '64x64+32+32'].map(equals)).toEqual([true, true, false]);
    },
  );
});
