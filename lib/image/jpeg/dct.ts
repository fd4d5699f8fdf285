/** Natural (row by row) index of each zigzag position. @see ITU-T T.81, figure A.6. */
export const zigzag = Uint8Array.from([
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7,
  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46,
  53, 60, 61, 54, 47, 55, 62, 63,
]);

/** Rows of the orthonormal 8 point DCT-II: `basis[u * 8 + x] = c(u)/2 * cos((2x + 1) u pi / 16)`. */
const basis = Float64Array.from({ length: 64 }, (_, i) => {
  const u = i >> 3;
  const x = i & 7;
  return (u === 0 ? Math.SQRT1_2 : 1) * 0.5 * Math.cos(((2 * x + 1) * u * Math.PI) / 16);
});

const rows = new Float64Array(64);

/**
 * The 8 x 8 DCT of JPEG, in double precision: `F(u,v) = 1/4 c(u) c(v) sum f(x,y) cos cos`, orthonormal.
 *
 * @param samples 64, row by row; not level-shifted (differences have no level).
 * @param into 64, row by row: `into[v * 8 + u]`.
 * @see ITU-T T.81, A.3.3.
 */
export function forwardDct(samples: Float32Array, into: Float32Array): void {
  for (let y = 0; y < 64; y += 8) transform(samples, y, 1, rows, y, 1);
  for (let u = 0; u < 8; u++) transform(rows, u, 8, into, u, 8);
}

type Samples = Float32Array | Float64Array;

/** Eight points by their even and odd symmetry: 32 multiplications, half of the plain sum. */
function transform(from: Samples, at: number, step: number, into: Samples, to: number, stride: number): void {
  const f0 = from[at]!;
  const f1 = from[at + step]!;
  const f2 = from[at + 2 * step]!;
  const f3 = from[at + 3 * step]!;
  const f4 = from[at + 4 * step]!;
  const f5 = from[at + 5 * step]!;
  const f6 = from[at + 6 * step]!;
  const f7 = from[at + 7 * step]!;
  for (let u = 0; u < 8; u += 2) {
    const b = u << 3;
    into[to + u * stride] =
      basis[b]! * (f0 + f7) +
      basis[b + 1]! * (f1 + f6) +
      basis[b + 2]! * (f2 + f5) +
      basis[b + 3]! * (f3 + f4);
    into[to + (u + 1) * stride] =
      basis[b + 8]! * (f0 - f7) +
      basis[b + 9]! * (f1 - f6) +
      basis[b + 10]! * (f2 - f5) +
      basis[b + 11]! * (f3 - f4);
  }
}
