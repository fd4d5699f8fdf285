import { expect, test } from 'vitest';
import { sparseCmyk } from '../../../../lib/formats/vips/sparse-cmyk.ts';
import { decodedValues } from '../../../support/decoded-values.ts';
import { noisePicture } from '../../../support/pictures.ts';

const noise = (width: number, height: number, seed: number) =>
  noisePicture({ width, height, channels: 4, depth: 8, seed });

test('libvips reads the rasters in their boxes and 0 elsewhere', async () => {
  const raster = noise(3, 2, 1);
  const file = sparseCmyk({ width: 7, height: 5 }, [
    { box: { left: 2, top: 1, width: 3, height: 2 }, raster },
  ]);
  const { data, channels } = await decodedValues(file);
  expect(channels).toBe(4);
  for (let y = 0; y < 5; y++) {
    for (let x = 0; x < 7; x++) {
      const isInside = x >= 2 && x < 5 && y >= 1 && y < 3;
      const from = ((y - 1) * 3 + x - 2) * 4;
      const wanted = isInside ? [...raster.data.subarray(from, from + 4)] : [0, 0, 0, 0];
      expect([...data.subarray((y * 7 + x) * 4, (y * 7 + x) * 4 + 4)]).toEqual(wanted);
    }
  }
});

test('overlapping rasters are XOR-ed', async () => {
  const box = { left: 0, top: 0, width: 2, height: 2 };
  const [a, b] = [noise(2, 2, 1), noise(2, 2, 2)];
  const file = sparseCmyk(box, [
    { box, raster: a },
    { box, raster: b },
  ]);
  expect([...(await decodedValues(file)).data]).toEqual([...a.data].map((value, i) => value ^ b.data[i]!));
});

test.each([
  [1, 1],
  [1, 9],
  [9, 1],
])('%i x %i', async (width, height) => {
  const raster = noise(width, height, 3);
  const file = sparseCmyk({ width, height }, [{ box: { left: 0, top: 0, width, height }, raster }]);
  expect((await decodedValues(file)).data).toEqual(raster.data);
});

test('size grows with the painted rows: a blank picture of 65535 rows has its tables and one row', () => {
  expect(sparseCmyk({ width: 2000, height: 65_535 }, []).length).toBeLessThan(600_000);
});
