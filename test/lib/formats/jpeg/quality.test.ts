import { describe, expect, test } from 'vitest';
import { marker, readSegments } from '../../../../lib/formats/jpeg/container/segments.ts';
import { qualityOf } from '../../../../lib/formats/jpeg/quality.ts';
import { encodeJpeg, picture } from '../../../support/jpeg-pictures.ts';

describe('the quality of quantisation tables', () => {
  const encoded = (quality: number) => encodeJpeg(picture(24, 24, 3), { quality });

  test.each([1, 30, 50, 83, 100])('%i is found', async (quality) => {
    expect(qualityOf(await encoded(quality))).toEqual({ quality, isSame: true });
  });

  test('is the lowest that is as fine where no quality gives the tables', async () => {
    const bytes = await encoded(80);
    const { dataOffset } = readSegments(bytes).find((segment) => segment.marker === marker.dqt)!;
    // The first step of luma is 6.
    bytes[dataOffset + 1] = 5;
    expect(qualityOf(bytes)).toEqual({ quality: 83, isSame: false });
    expect(qualityOf(bytes.subarray(0, 20))).toBeUndefined();
  });
});
