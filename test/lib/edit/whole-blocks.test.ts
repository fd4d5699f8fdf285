import { describe, expect, test } from 'vitest';
import { editor } from '../../../lib/edit.ts';
import { parseRequest } from '../../../lib/requests/edit-request.ts';
import { decodedValues } from '../../support/decoded-values.ts';
import { greyPaint, paintEngine } from '../../support/engines.ts';
import { boxMask, maskPng, pipelineOf, wavePicture } from '../../support/pictures.ts';

const size = { width: 230, height: 170 };
const stored = { left: 61, top: 37, width: 75, height: 70 };
const limits = { maxImageBytes: 1e7, maxImagePixels: 1e7 };
const defaults = { featherPx: 8, dilationPx: 0, modelDilation: 0.01, maxRegions: 4, maxTiles: 16 };
const never = new AbortController().signal;

async function edit(image: Uint8Array, mask: ReturnType<typeof boxMask>, request: object) {
  const { engine, requests } = paintEngine(greyPaint);
  const run = editor({ engine, limits, defaults });
  const work = run({ image, mask: await maskPng(mask), request: parseRequest(request) }, never);
  return { work, requests };
}

describe('jpegBlocks: inside', () => {
  test.each([
    ['4:2:0', true, 1],
    ['4:2:0', false, 6],
    ['4:2:0', false, 7],
  ] as const)(
    '%s, progressive %s, orientation %i: no decoded value changes outside the mask, many change inside',
    async (chromaSubsampling, progressive, orientation) => {
      const image = await pipelineOf(wavePicture(size))
        .withMetadata({ orientation })
        .jpeg({ quality: 88, chromaSubsampling, progressive })
        .toBuffer();
      const displayed = orientation >= 5 ? { width: size.height, height: size.width } : size;
      const mask = boxMask(displayed, stored);
      const strict = (await (await edit(image, mask, { jpegBlocks: 'inside' })).work).outputs[0]!;
      const plain = (await (await edit(image, mask, {})).work).outputs[0]!;
      expect(plain.proof.outside).toBe('touched-blocks');
      expect(strict.proof).toMatchObject({ outside: 'exact', differingPixels: 0 });
      const before = await decodedValues(image, { upright: true });
      const after = await decodedValues(strict.bytes, { upright: true });
      const counts = { outside: 0, inside: 0 };
      after.data.forEach((value, i) => {
        const p = Math.trunc(i / after.channels);
        if (value !== before.data[i]) counts[mask.data[p] === 0 ? 'outside' : 'inside']++;
      });
      expect(counts.outside).toBe(0);
      expect(counts.inside).toBeGreaterThan(stored.width * stored.height);
    },
  );

  test('a mask without a whole block is refused before the model is asked', async () => {
    const image = await pipelineOf(wavePicture(size)).jpeg({ chromaSubsampling: '4:2:0' }).toBuffer();
    const mask = boxMask(size, { left: 20, top: 20, width: 17, height: 17 });
    const { work, requests } = await edit(image, mask, { jpegBlocks: 'inside' });
    await expect(work).rejects.toMatchObject({
      code: 'MASK_EMPTY',
      message: expect.stringContaining('block'),
    });
    expect(requests).toEqual([]);
  });

  test('has no effect on other formats, and excludes another encoding', async () => {
    const image = await pipelineOf(wavePicture(size)).png().toBuffer();
    const mask = boxMask(size, { left: 20, top: 20, width: 9, height: 9 });
    const { work } = await edit(image, mask, { jpegBlocks: 'inside' });
    expect((await work).outputs[0]?.proof.outside).toBe('exact');
    expect(() => parseRequest({ jpegBlocks: 'inside', outputQuality: 90 })).toThrow('jpegBlocks');
    expect(() => parseRequest({ jpegBlocks: 'inside', outputFormat: 'png' })).toThrow('jpegBlocks');
  });
});
