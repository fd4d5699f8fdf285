/** A median needs no more samples than this; sorting more costs more than all the rest of a fit. */
const maxSamples = 2048;

/**
 * At most `count` of the values: one of each stretch of equal length, at a place that changes from stretch
 * to stretch, so that a pattern in the values (stripes, a checkerboard) is not met at one phase only.
 */
export function evenSamples<T extends Float32Array | Int32Array>(values: T, count: number): T {
  const every = Math.max(1, Math.ceil(values.length / count));
  if (every === 1) return values;
  const out = values.slice(0, Math.ceil(values.length / every)) as T;
  for (let i = 0; i < out.length; i++) {
    const place = (Math.imul(i, 0x9e37_79b1) >>> 16) % every;
    out[i] = values[Math.min(i * every + place, values.length - 1)]!;
  }
  return out;
}

export function indicesAbove0(weights: Float32Array): Int32Array {
  const out = new Int32Array(weights.length);
  let count = 0;
  for (let p = 0; p < weights.length; p++) if (weights[p]! > 0) out[count++] = p;
  return out.slice(0, count);
}

/** Middle value of evenly spaced samples; 0 for none. */
export function median(values: Float32Array): number {
  return values.length === 0 ? 0 : middle(evenSamples(values, maxSamples).slice());
}

/** Median of the absolute values, times 1.4826: the standard deviation, were they normal; 0 for none. */
export function robustSigma(values: Float32Array): number {
  if (values.length === 0) return 0;
  const sizes = evenSamples(values, maxSamples).slice();
  for (let i = 0; i < sizes.length; i++) sizes[i] = Math.abs(sizes[i]!);
  return 1.4826 * middle(sizes);
}

function middle(values: Float32Array): number {
  return values.sort()[values.length >> 1]!;
}
