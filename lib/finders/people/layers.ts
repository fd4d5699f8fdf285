import { useKernels } from '../../kernels/kernels.ts';

/** Values of one layer: H x W x C, row by row, channels interleaved. */
export interface Values {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Float32Array;
}

function emptyValues(width: number, height: number, channels: number): Values {
  return { width, height, channels, data: new Float32Array(width * height * channels) };
}

/** The weights of one convolution. `kernel`: its side, px. */
export interface Kernel {
  readonly kernel: number;
  readonly stride: number;
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

/**
 * Where a kernel begins beside output pixel 0: TensorFlow's "same" padding, whose odd pixel is at the end.
 */
function padBefore(inputLength: number, outputLength: number, { kernel, stride }: Kernel): number {
  return Math.floor(Math.max(0, (outputLength - 1) * stride + kernel - inputLength) / 2);
}

const sizeAfter = ({ width, height }: Values, { stride }: Kernel) =>
  [Math.ceil(width / stride), Math.ceil(height / stride)] as const;

/**
 * Convolution with zeros beyond the border: `out[o] = bias[o] + sum over dy, dx, c of in[c] *
 * w[o][dy][dx][c]`.
 *
 * @param layer.weights out x kernel x kernel x in. @returns H / stride x W / stride x out.
 */
export function convolve(source: Values, layer: Kernel): Values {
  const { kernel, stride, weights, bias } = layer;
  const [width, height] = sizeAfter(source, layer);
  const left = padBefore(source.width, width, layer);
  const top = padBefore(source.height, height, layer);
  const inputs = weights.length / bias.length;
  const isAsItLies = kernel === 1 && stride === 1;
  const patches = isAsItLies ? source.data : new Float32Array(width * height * inputs);
  for (let p = 0; !isAsItLies && p < width * height; p++) {
    const at = { x: (p % width) * stride - left, y: Math.trunc(p / width) * stride - top };
    takePatch(source, at, kernel, patches.subarray(p * inputs, (p + 1) * inputs));
  }
  const data = useKernels(({ kernels, arena }) => {
    const out = arena.reserve(4 * width * height * bias.length);
    const mixed = [arena.put(weights), arena.put(bias), bias.length, out] as const;
    kernels.mixChannels(arena.put(patches), width * height, inputs, ...mixed);
    return arena.take(Float32Array, out, width * height * bias.length);
  });
  return { width, height, channels: bias.length, data };
}

function takePatch(
  { width, height, channels, data }: Values,
  at: { readonly x: number; readonly y: number },
  kernel: number,
  patch: Float32Array,
): void {
  for (let dy = 0; dy < kernel; dy++) {
    const y = at.y + dy;
    if (y < 0 || y >= height) continue;
    const from = Math.max(0, at.x);
    const to = Math.min(width, at.x + kernel);
    const row = data.subarray((y * width + from) * channels, (y * width + to) * channels);
    patch.set(row, (dy * kernel + from - at.x) * channels);
  }
}

/**
 * Convolution of each channel with a kernel of its own.
 *
 * @param layer.weights kernel x kernel x C. @returns H / stride x W / stride x C.
 */
export function convolveEach(source: Values, layer: Kernel): Values {
  const { kernel, stride, bias, weights } = layer;
  const [width, height] = sizeAfter(source, layer);
  const { channels } = source;
  const out = emptyValues(width, height, channels);
  for (let p = 0; p < width * height; p++) out.data.set(bias, p * channels);
  const left = padBefore(source.width, width, layer);
  const top = padBefore(source.height, height, layer);
  const bytes = 4 * channels;
  const data = useKernels(({ kernels, arena }) => {
    const [from, to, taps] = [arena.put(source.data), arena.put(out.data), arena.put(weights)];
    for (let y = 0; y < height; y++) {
      for (let tap = 0; tap < kernel * kernel; tap++) {
        const row = y * stride - top + Math.trunc(tap / kernel);
        if (row < 0 || row >= source.height) continue;
        const shift = (tap % kernel) - left;
        const first = Math.max(0, Math.ceil(-shift / stride));
        const count = Math.min(width, Math.ceil((source.width - shift) / stride)) - first;
        const pixel = row * source.width + first * stride + shift;
        const line = to + (y * width + first) * bytes;
        kernels.addTap(from + pixel * bytes, stride, taps + tap * bytes, channels, Math.max(0, count), line);
      }
    }
    return arena.take(Float32Array, to, out.data.length);
  });
  return { ...out, data };
}

/**
 * Transposed convolution with a stride of its kernel: each pixel becomes a square of `kernel` x `kernel`.
 *
 * @param layer.weights out x kernel x kernel x in. @returns H * kernel x W * kernel x out.
 */
export function spread(source: Values, { kernel, weights, bias }: Kernel): Values {
  const { width, height, channels, data } = source;
  const out = emptyValues(width * kernel, height * kernel, bias.length);
  for (let y = 0; y < out.height; y++) {
    for (let x = 0; x < out.width; x++) {
      const from = (Math.floor(y / kernel) * width + Math.floor(x / kernel)) * channels;
      for (let o = 0; o < bias.length; o++) {
        let w = ((o * kernel + (y % kernel)) * kernel + (x % kernel)) * channels;
        let sum = bias[o]!;
        for (let c = 0; c < channels; c++) sum += data[from + c]! * weights[w++]!;
        out.data[(y * out.width + x) * out.channels + o] = sum;
      }
    }
  }
  return out;
}

/** Sum of two layers of one shape. */
export function add(a: Values, b: Values): Values {
  const data = a.data.slice();
  for (let i = 0; i < data.length; i++) data[i]! += b.data[i]!;
  return { ...a, data };
}

/** Product of a layer with one factor for each channel, 1 x 1 x C. */
export function scaleChannels(source: Values, factors: Values): Values {
  const { channels } = source;
  const data = new Float32Array(source.data.length);
  for (let i = 0; i < data.length; ) {
    for (let c = 0; c < channels; c++, i++) data[i] = source.data[i]! * factors.data[c]!;
  }
  return { ...source, data };
}

/** Mean of each channel over all pixels, 1 x 1 x C. */
export function average({ width, height, channels, data }: Values): Values {
  const out = emptyValues(1, 1, channels);
  for (let i = 0; i < data.length; ) for (let c = 0; c < channels; c++, i++) out.data[c]! += data[i]!;
  for (let c = 0; c < channels; c++) out.data[c]! /= width * height;
  return out;
}

/** Bilinear interpolation between pixel centres, to twice the size; the border is repeated. */
export function enlargeTwice({ width, height, channels, data }: Values): Values {
  const out = emptyValues(width * 2, height * 2, channels);
  for (let y = 0; y < out.height; y++) {
    const [y0, y1, fy] = neighbours(y, height);
    for (let x = 0; x < out.width; x++) {
      const [x0, x1, fx] = neighbours(x, width);
      const to = (y * out.width + x) * channels;
      for (let c = 0; c < channels; c++) {
        const value = (v: number, u: number) => data[(v * width + u) * channels + c]!;
        const upper = value(y0, x0) + (value(y0, x1) - value(y0, x0)) * fx;
        const lower = value(y1, x0) + (value(y1, x1) - value(y1, x0)) * fx;
        out.data[to + c] = upper + (lower - upper) * fy;
      }
    }
  }
  return out;
}

/** The two pixels that a pixel of the enlarged row lies between, and how near to the second. */
function neighbours(at: number, length: number): readonly [number, number, number] {
  const centre = (at + 0.5) / 2 - 0.5;
  const first = Math.floor(centre);
  const clamp = (i: number) => Math.min(length - 1, Math.max(0, i));
  return [clamp(first), clamp(first + 1), centre - first];
}

// Large layers are changed in loops: `map` of an array of numbers takes several times as long.

export function relu(source: Values): Values {
  const data = source.data.slice();
  for (let i = 0; i < data.length; i++) if (data[i]! < 0) data[i] = 0;
  return { ...source, data };
}

/** `x * min(6, max(0, x + 3)) / 6` */
export function hardSwish(source: Values): Values {
  const data = source.data.slice();
  for (let i = 0; i < data.length; i++) data[i]! *= Math.min(6, Math.max(0, data[i]! + 3)) / 6;
  return { ...source, data };
}

/** `1 / (1 + e^-x)` */
export const sigmoid = (source: Values): Values => ({
  ...source,
  data: source.data.map((value) => 1 / (1 + Math.exp(-value))),
});
