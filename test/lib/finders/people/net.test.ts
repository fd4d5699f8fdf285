import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { moduleOf, peopleNet, sha256 } from '../../../../deploy/people-net/people-net.ts';
import { fromHalf } from '../../../../lib/finders/people/net.ts';
import { lookAt } from '../../../../lib/finders/people/people-in.ts';
import { weights } from '../../../../lib/finders/people/weights.ts';
import { figurePicture } from '../../../support/figure.ts';

const root = new URL('../../../../', import.meta.url);

/**
 * Rows 8, 24, ... and columns 8, 24, ... of what Google's own runtime, `@litertjs/core` 2.5.3 on its CPU,
 * makes of the figure with the model of the package, times 255.
 */
// biome-ignore format: a table
const reference = [
  0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0, 0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,
  0,0,0,0,0,0,0,255,255,0,0,0,0,0,0,0, 0,0,0,0,0,0,255,255,255,255,0,0,0,0,0,0,
  0,0,0,0,0,0,255,255,255,255,0,0,0,0,0,0, 0,0,0,0,0,0,255,255,255,255,0,0,0,0,0,0,
  0,0,0,0,0,0,255,255,255,255,0,0,0,0,0,0, 0,0,0,0,0,0,1,255,255,0,0,0,0,0,0,0,
  0,0,0,0,0,0,0,255,255,0,0,0,0,0,0,0, 0,0,0,0,0,0,255,255,255,255,0,0,0,0,0,0,
  0,0,0,0,7,255,255,255,255,255,255,0,0,0,0,0, 0,0,0,0,255,255,255,255,255,255,255,255,0,0,0,0,
  0,0,0,255,255,255,255,255,255,255,255,240,114,0,0,0, 0,0,0,255,255,255,255,255,255,255,255,255,74,0,0,0,
  0,0,255,255,255,255,255,255,255,255,255,164,0,0,0,0, 0,0,255,255,255,255,255,255,255,255,255,168,88,41,0,0,
];

test('the net gives what the runtime of its makers gives', () => {
  const found = lookAt(figurePicture(256, 256).data as Uint8Array);
  const sampled = reference.map((_, i) => found[(16 * Math.floor(i / 16) + 8) * 256 + 16 * (i % 16) + 8]!);
  const worst = Math.max(...sampled.map((value, i) => Math.abs(value - reference[i]!)));
  expect(worst).toBeLessThanOrEqual(1);
});

test('its layers and weights are those of the package', () => {
  const file = 'node_modules/@mediapipe/selfie_segmentation/selfie_segmentation.tflite';
  const net = peopleNet(readFileSync(new URL(file, root)));
  expect(readFileSync(new URL('lib/finders/people/weights.ts', root), 'utf8')).toBe(moduleOf(net));
  expect(sha256(Buffer.from(weights, 'base64'))).toBe(
    '524c3ddbabb43e75361d684b4f1188a00345aa2388506838545e15e9291dd41e',
  );
});

test('numbers of half precision are read exactly', () => {
  const bits = Uint16Array.of(0x0000, 0x3c00, 0xc000, 0x3555, 0x0001, 0x7bff);
  const [zero, one, minusTwo, third, least, most] = fromHalf(new Uint8Array(bits.buffer));
  expect([zero, one, minusTwo, most]).toEqual([0, 1, -2, 65504]);
  expect(third).toBeCloseTo(1 / 3, 3);
  expect(least).toBe(2 ** -24);
});
