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
  const [width, height] = sizeAfter(source, layer);
  const out = emptyValues(width, height, layer.bias.length);
  if (layer.kernel === 1 && layer.stride === 1) {
    mixChannels(source, layer, out);
    return out;
  }
  const left = padBefore(source.width, width, layer);
  const top = padBefore(source.height, height, layer);
  const patch = new Float32Array(layer.kernel * layer.kernel * source.channels);
  for (let y = 0, p = 0; y < height; y++) {
    for (let x = 0; x < width; x++, p++) {
      takePatch(source, { x: x * layer.stride - left, y: y * layer.stride - top }, layer.kernel, patch);
      mixPixel(patch, 0, layer, out.data, p * out.channels);
    }
  }
  return out;
}

function mixChannels({ data, channels }: Values, layer: Kernel, out: Values): void {
  const pixels = out.width * out.height;
  for (let p = 0; p < pixels; p++) mixPixel(data, p * channels, layer, out.data, p * out.channels);
}

/** One pixel of a convolution. */
function mixPixel(from: Float32Array, at: number, { weights, bias }: Kernel, to: Float32Array, toAt: number) {
  const count = weights.length / bias.length;
  for (let o = 0, w = 0; o < bias.length; o++) {
    let sum = bias[o]!;
    for (let c = 0; c < count; c++, w++) sum += from[at + c]! * weights[w]!;
    to[toAt + o] = sum;
  }
}

function takePatch(
  { width, height, channels, data }: Values,
  at: { readonly x: number; readonly y: number },
  kernel: number,
  patch: Float32Array,
): void {
  patch.fill(0);
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
  const left = padBefore(source.width, width, layer);
  const top = padBefore(source.height, height, layer);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) out.data.set(bias, (y * width + x) * channels);
    for (let dy = 0; dy < kernel; dy++) {
      const row = y * stride - top + dy;
      if (row < 0 || row >= source.height) continue;
      for (let dx = 0; dx < kernel; dx++) {
        const tap = weights.subarray((dy * kernel + dx) * channels, (dy * kernel + dx + 1) * channels);
        addTap(source, out, { y, row, shift: dx - left, stride }, tap);
      }
    }
  }
  return out;
}

/** Adds one weight of each channel's kernel to a row of the result. */
function addTap(
  source: Values,
  out: Values,
  at: { readonly y: number; readonly row: number; readonly shift: number; readonly stride: number },
  tap: Float32Array,
): void {
  const { channels } = out;
  for (let x = 0; x < out.width; x++) {
    const column = x * at.stride + at.shift;
    if (column < 0 || column >= source.width) continue;
    const from = (at.row * source.width + column) * channels;
    const to = (at.y * out.width + x) * channels;
    for (let c = 0; c < channels; c++) out.data[to + c]! += source.data[from + c]! * tap[c]!;
  }
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
  return { ...a, data: a.data.map((value, i) => value + b.data[i]!) };
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

export const relu = (source: Values): Values => ({
  ...source,
  data: source.data.map((value) => Math.max(0, value)),
});

/** `x * min(6, max(0, x + 3)) / 6` */
export const hardSwish = (source: Values): Values => ({
  ...source,
  data: source.data.map((value) => (value * Math.min(6, Math.max(0, value + 3))) / 6),
});

/** `1 / (1 + e^-x)` */
export const sigmoid = (source: Values): Values => ({
  ...source,
  data: source.data.map((value) => 1 / (1 + Math.exp(-value))),
});
