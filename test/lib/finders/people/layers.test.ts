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
