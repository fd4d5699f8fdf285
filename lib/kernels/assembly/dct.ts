// The 8 x 8 DCT of JPEG in double precision, two columns at a time.

/** `cos(n pi / 16) / 2`, by n: the orthonormal 8 point basis has no other values. */
const half = memory.data<f64>([
  0.5, 0.4903926402016152, 0.46193976625564337, 0.4157348061512726, 0.3535533905932738, 0.27778511650980114,
  0.19134171618254492, 0.09754516100806417,
]);

/** Natural (row by row) index of each zigzag position. @see ITU-T T.81, figure A.6. */
export const zigzag = memory.data<u8>([
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7,
  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46,
  53, 60, 61, 54, 47, 55, 62, 63,
]);

/** Bytes of a row of 8 doubles. */
const row: usize = 64;

/**
 * `F(u,v) = 1/4 c(u) c(v) sum f(x,y) cos cos`, orthonormal: first along x, then along y.
 *
 * @param samples 64 doubles, column by column: `samples[x * 8 + y]`. They are overwritten.
 * @param into 64 doubles, row by row: `into[v * 8 + u]`.
 * @see ITU-T T.81, A.3.3.
 */
export function forwardDct(samples: usize, into: usize): void {
  for (let y: usize = 0; y < 64; y += 16) transformPair(samples + y, samples + y);
  transpose(samples, into);
  for (let u: usize = 0; u < 64; u += 16) transformPair(into + u, into + u);
}

function transpose(from: usize, into: usize): void {
  for (let y: usize = 0; y < 8; y += 2) {
    for (let x: usize = 0; x < 8; x += 2) {
      const a = v128.load(from + y * row + x * 8);
      const b = v128.load(from + (y + 1) * row + x * 8);
      v128.store(into + x * row + y * 8, v128.shuffle<f64>(a, b, 0, 2));
      v128.store(into + (x + 1) * row + y * 8, v128.shuffle<f64>(a, b, 1, 3));
    }
  }
}

function basis(n: usize): v128 {
  return v128.load64_splat(half + 8 * n);
}

function times(n: usize, value: v128): v128 {
  return v128.mul<f64>(basis(n), value);
}

/** Eight points by even and odd symmetry, for two columns side by side. */
function transformPair(from: usize, into: usize): void {
  const f0 = v128.load(from);
  const f1 = v128.load(from, 64);
  const f2 = v128.load(from, 128);
  const f3 = v128.load(from, 192);
  const f4 = v128.load(from, 256);
  const f5 = v128.load(from, 320);
  const f6 = v128.load(from, 384);
  const f7 = v128.load(from, 448);
  const s0 = v128.add<f64>(f0, f7);
  const s1 = v128.add<f64>(f1, f6);
  const s2 = v128.add<f64>(f2, f5);
  const s3 = v128.add<f64>(f3, f4);
  const d0 = v128.sub<f64>(f0, f7);
  const d1 = v128.sub<f64>(f1, f6);
  const d2 = v128.sub<f64>(f2, f5);
  const d3 = v128.sub<f64>(f3, f4);
  v128.store(into, times(4, v128.add<f64>(v128.add<f64>(v128.add<f64>(s0, s1), s2), s3)));
  v128.store(into, add4(times(1, d0), times(3, d1), times(5, d2), times(7, d3)), 64);
  v128.store(into, v128.add<f64>(times(2, v128.sub<f64>(s0, s3)), times(6, v128.sub<f64>(s1, s2))), 128);
  v128.store(into, sub4(times(3, d0), times(7, d1), times(1, d2), times(5, d3)), 192);
  v128.store(into, times(4, v128.add<f64>(v128.sub<f64>(v128.sub<f64>(s0, s1), s2), s3)), 256);
  v128.store(
    into,
    v128.add<f64>(v128.add<f64>(v128.sub<f64>(times(5, d0), times(1, d1)), times(7, d2)), times(3, d3)),
    320,
  );
  v128.store(into, v128.sub<f64>(times(6, v128.sub<f64>(s0, s3)), times(2, v128.sub<f64>(s1, s2))), 384);
  v128.store(
    into,
    v128.sub<f64>(v128.add<f64>(v128.sub<f64>(times(7, d0), times(5, d1)), times(3, d2)), times(1, d3)),
    448,
  );
}

function add4(a: v128, b: v128, c: v128, d: v128): v128 {
  return v128.add<f64>(v128.add<f64>(v128.add<f64>(a, b), c), d);
}

function sub4(a: v128, b: v128, c: v128, d: v128): v128 {
  return v128.sub<f64>(v128.sub<f64>(v128.sub<f64>(a, b), c), d);
}
