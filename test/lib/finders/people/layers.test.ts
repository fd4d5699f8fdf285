import { describe, expect, it } from 'vitest';
import {
  add,
  average,
  convolve,
  convolveEach,
  enlargeTwice,
  hardSwish,
  relu,
  scaleChannels,
  sigmoid,
  spread,
  type Values,
} from '../../../../lib/finders/people/layers.ts';
import { random } from '../../../support/pictures.ts';
import { withEachPoison } from '../../../support/poisoned-kernels.ts';

const values = (width: number, height: number, channels: number, ...data: number[]): Values => ({
  width,
  height,
  channels,
  data: Float32Array.from(data),
});
const kernel = (side: number, stride: number, weights: number[], bias: number[]) => ({
  kernel: side,
  stride,
  weights: Float32Array.from(weights),
  bias: Float32Array.from(bias),
});
const threeByThree = values(3, 3, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9);
const ones = [1, 1, 1, 1, 1, 1, 1, 1, 1];

describe('convolutions', () => {
  it('sum neighbours, and see zeros beyond the border', () => {
    expect([...convolve(threeByThree, kernel(3, 1, ones, [0])).data]).toEqual([
      12, 21, 16, 27, 45, 33, 24, 39, 28,
    ]);
    expect(convolveEach(threeByThree, kernel(3, 1, ones, [0]))).toEqual(
      convolve(threeByThree, kernel(3, 1, ones, [0])),
    );
  });

  it('with a step of two begin where TensorFlow does: the odd pixel of padding is at the end', () => {
    const four = values(4, 1, 1, 1, 2, 3, 4);
    const right = [0, 0, 0, 0, 0, 1, 0, 0, 0];
    expect([...convolve(four, kernel(3, 2, right, [0])).data]).toEqual([3, 0]);
    expect([...convolveEach(four, kernel(3, 2, right, [0.5])).data]).toEqual([3.5, 0.5]);
  });

  it('mix channels in the order out, row, column, in', () => {
    const pixel = values(1, 1, 2, 10, 1);
    expect([...convolve(pixel, kernel(1, 1, [1, 2, 3, 4], [0, 100])).data]).toEqual([12, 134]);
    expect([...spread(pixel, kernel(2, 2, [1, 0, 0, 1, 2, 0, 0, 2], [5])).data]).toEqual([15, 6, 25, 7]);
  });
});

describe.each([1, 2, 3, 4, 5, 8, 11])('convolutions of %i channels', (channels) => {
  const next = random(channels);
  const some = (length: number) => Array.from({ length }, () => 2 * next() - 1);
  const source = values(6, 5, channels, ...some(30 * channels));
  const shapes = [1, 3, 5].flatMap((side) => [1, 2].map((stride) => ({ side, stride })));

  it.each(shapes)(
    'sum what lies under the kernel, whatever lies around in memory: %o',
    ({ side, stride }) => {
      const mixed = kernel(side, stride, some(3 * side * side * channels), some(3));
      const each = kernel(side, stride, some(side * side * channels), some(channels));
      for (const [mix, own] of withEachPoison(() => [convolve(source, mixed), convolveEach(source, each)])) {
        for (let p = 0; p < mix!.data.length / 3; p++) {
          const under = pixelsUnder(source, p, mix!, each);
          for (let o = 0; o < 3; o++) {
            const weights = mixed.weights.subarray(o * side * side * channels);
            const sum = under.reduce((total, value, k) => total + value * weights[k]!, mixed.bias[o]!);
            expect(mix!.data[3 * p + o]).toBeCloseTo(sum, 4);
          }
          for (let c = 0; c < channels; c++) {
            const mine = under.map((value, k) => (k % channels === c ? value * each.weights[k]! : 0));
            const sum = mine.reduce((total, value) => total + value, each.bias[c]!);
            expect(own!.data[channels * p + c]).toBeCloseTo(sum, 4);
          }
        }
      }
    },
  );
});

/** All values under a kernel at one pixel of the result: row by row, zeros beyond the border. */
function pixelsUnder(
  { width, height, channels, data }: Values,
  p: number,
  result: Values,
  { kernel: side, stride }: { readonly kernel: number; readonly stride: number },
): number[] {
  const before = (length: number, after: number) =>
    Math.floor(Math.max(0, (after - 1) * stride + side - length) / 2);
  const left = (p % result.width) * stride - before(width, result.width);
  const top = Math.floor(p / result.width) * stride - before(height, result.height);
  return Array.from({ length: side * side * channels }, (_, k) => {
    const [x, y] = [left + (Math.floor(k / channels) % side), top + Math.floor(k / channels / side)];
    return x < 0 || y < 0 || x >= width || y >= height
      ? 0
      : data[(y * width + x) * channels + (k % channels)]!;
  });
}

it('enlarging interpolates between pixel centres and repeats the border', () => {
  expect([...enlargeTwice(values(2, 1, 1, 0, 4)).data]).toEqual([0, 1, 3, 4, 0, 1, 3, 4]);
});

it('the others work value by value, or channel by channel', () => {
  const two = values(1, 2, 2, 1, 2, 3, 6);
  expect([...average(two).data]).toEqual([2, 4]);
  expect([...scaleChannels(two, values(1, 1, 2, 10, 0.5)).data]).toEqual([10, 1, 30, 3]);
  expect([...add(two, two).data]).toEqual([2, 4, 6, 12]);
  const signs = values(4, 1, 1, -4, -1, 1, 5);
  expect([...relu(signs).data]).toEqual([0, 0, 1, 5]);
  expect([...hardSwish(signs).data].map((value) => Math.round(value * 1000))).toEqual([-0, -333, 667, 5000]);
  expect([...sigmoid(values(1, 1, 1, 0)).data]).toEqual([0.5]);
});
