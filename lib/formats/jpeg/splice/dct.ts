/** Natural (row by row) index of each zigzag position. @see ITU-T T.81, figure A.6. */
export const zigzag = Uint8Array.from([
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7,
  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46,
  53, 60, 61, 54, 47, 55, 62, 63,
]);

/** `cos(n pi / 16) / 2`: the orthonormal 8 point basis has no other values. */
const half = (n: number) => Math.cos((n * Math.PI) / 16) / 2;
const [c1, c2, c3, c4, c5, c6, c7] = [half(1), half(2), half(3), half(4), half(5), half(6), half(7)] as const;

const rows = new Float64Array(64);

/**
 * The 8 x 8 DCT of JPEG, in double precision: `F(u,v) = 1/4 c(u) c(v) sum f(x,y) cos cos`, orthonormal.
 *
 * @param samples 64, row by row; not level-shifted (differences have no level).
 * @param into 64, row by row: `into[v * 8 + u]`.
 * @see ITU-T T.81, A.3.3.
 */
export function forwardDct(samples: Float64Array, into: Float64Array): void {
  for (let y = 0; y < 64; y += 8) transform(samples, rows, y, 1);
  for (let u = 0; u < 8; u++) transform(rows, into, u, 8);
}

/** Eight points by even and odd symmetry. */
function transform(from: Float64Array, into: Float64Array, at: number, step: number): void {
  const f0 = from[at]!;
  const f1 = from[at + step]!;
  const f2 = from[at + 2 * step]!;
  const f3 = from[at + 3 * step]!;
  const f4 = from[at + 4 * step]!;
  const f5 = from[at + 5 * step]!;
  const f6 = from[at + 6 * step]!;
  const f7 = from[at + 7 * step]!;
  const s0 = f0 + f7;
  const s1 = f1 + f6;
  const s2 = f2 + f5;
  const s3 = f3 + f4;
  const d0 = f0 - f7;
  const d1 = f1 - f6;
  const d2 = f2 - f5;
  const d3 = f3 - f4;
  into[at] = c4 * (s0 + s1 + s2 + s3);
  into[at + step] = c1 * d0 + c3 * d1 + c5 * d2 + c7 * d3;
  into[at + 2 * step] = c2 * (s0 - s3) + c6 * (s1 - s2);
  into[at + 3 * step] = c3 * d0 - c7 * d1 - c1 * d2 - c5 * d3;
  into[at + 4 * step] = c4 * (s0 - s1 - s2 + s3);
  into[at + 5 * step] = c5 * d0 - c1 * d1 + c7 * d2 + c3 * d3;
  into[at + 6 * step] = c6 * (s0 - s3) - c2 * (s1 - s2);
  into[at + 7 * step] = c7 * d0 - c5 * d1 + c3 * d2 - c1 * d3;
}
