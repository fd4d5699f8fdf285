import { expect, test } from 'vitest';
import { sharp } from '../../../../lib/formats/vips/loaders.ts';
import { isSrgb } from '../../../../lib/formats/vips/srgb-profile.ts';
import { matrixProfile } from '../../../support/icc-profiles.ts';
import { pipelineOf, wavePicture } from '../../../support/pictures.ts';

async function embedded(name: 'srgb' | 'p3'): Promise<Uint8Array> {
  const picture = pipelineOf(wavePicture({ width: 8, height: 8 }));
  const { icc } = await sharp(await picture.withIccProfile(name).png().toBuffer()).metadata();
  return icc ?? new Uint8Array();
}

test('sRGB is recognised by its numbers', async () => {
  expect(isSrgb(await embedded('srgb'))).toBe(true);
  expect(isSrgb(matrixProfile('sRGB by a table'))).toBe(true);
});

test.each(['Linear sRGB', 'sRGB of power 2.2', 'adobeRgb', 'proPhoto'] as const)('%s is not sRGB', (name) =>
  expect(isSrgb(matrixProfile(name))).toBe(false),
);

test('the sRGB curve with other primaries is not sRGB', async () =>
  expect(isSrgb(await embedded('p3'))).toBe(false));

test('a truncated profile is not sRGB, and nothing is thrown', () => {
  const whole = matrixProfile('sRGB by a table');
  for (let length = 0; length < whole.length - 4; length += 7)
    expect(isSrgb(whole.subarray(0, length))).toBe(false);
});
