import { EditError } from '../../errors.ts';
import {
  add,
  average,
  convolve,
  convolveEach,
  enlargeTwice,
  hardSwish,
  type Kernel,
  relu,
  scaleChannels,
  sigmoid,
  spread,
  type Values,
} from './layers.ts';

const convolutions = { convolve, convolveEach, spread };
const ofTwo = { add, scaleChannels };
const ofOne = { average, enlargeTwice, relu, hardSwish, sigmoid };

type Convolution = keyof typeof convolutions;
type OfTwo = keyof typeof ofTwo;
type OfOne = keyof typeof ofOne;

/** Side of the picture that the net of people takes and of the mask that it gives, px. */
export const netSidePx = 256;

/** One layer of a net. Tensors are numbered. */
export interface Layer {
  readonly op: Convolution | OfTwo | OfOne;
  readonly from: readonly number[];
  readonly to: number;
  /** What convolutions have: the side of the kernel; its step, 1 when left out; channels of the result. */
  readonly kernel?: number;
  readonly stride?: number;
  readonly channels?: number;
  /** Places of weights and bias in the weights of the net. */
  readonly weights?: number;
  readonly bias?: number;
}

interface Net {
  readonly layers: readonly Layer[];
  readonly weights: Float32Array;
}

/** Runs a net. @param input tensor 0. @returns the result of the last layer. */
export function runNet({ layers, weights }: Net, input: Values): Values {
  const tensors = new Map([[0, input]]);
  let result = input;
  for (const layer of layers) {
    const [a, b] = layer.from.map((tensor) => tensors.get(tensor));
    if (a === undefined) throw new EditError('INTERNAL', `Expected tensor ${layer.from[0]}, got none yet`);
    result = resultOf(layer, a, b ?? a, weights);
    tensors.set(layer.to, result);
  }
  return result;
}

function resultOf(layer: Layer, a: Values, b: Values, weights: Float32Array): Values {
  const { op } = layer;
  if (op in convolutions) return convolutions[op as Convolution](a, kernelOf(layer, a.channels, weights));
  return op in ofTwo ? ofTwo[op as OfTwo](a, b) : ofOne[op as OfOne](a);
}

function kernelOf(layer: Layer, inputs: number, all: Float32Array): Kernel {
  const { op, kernel = 1, stride = 1, channels = 0, weights = 0, bias = 0 } = layer;
  const count = kernel * kernel * channels * (op === 'convolveEach' ? 1 : inputs);
  return {
    kernel,
    stride,
    weights: all.subarray(weights, weights + count),
    bias: all.subarray(bias, bias + channels),
  };
}

/**
 * Numbers of half precision -> of single precision.
 *
 * @param bytes little endian, 2 for each number.
 * @see IEEE 754-2019, binary16
 */
export function fromHalf(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const numbers = new Float32Array(bytes.length / 2);
  for (let i = 0; i < numbers.length; i++) numbers[i] = halfAt(view.getUint16(2 * i, true));
  return numbers;
}

function halfAt(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
