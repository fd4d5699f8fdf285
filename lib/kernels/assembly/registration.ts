// A picture that was moved, and the pixels of it that are compared: indices of 32 bits, none at its edge.

/**
 * Rows `[T, 1, x, y, Tx, Ty, Tx * x + Ty * y]` for each pixel; coordinates from the middle, scaled to about
 * 1, so that the normal matrix is well conditioned at every size.
 *
 * @param template T, floats. @param pixels `count` indices. @param geometric how many of the last three
 * columns: 0, 2 or 3. @param rows receives `count` rows of floats.
 */
export function designRows(
  template: usize,
  width: i32,
  height: i32,
  pixels: usize,
  count: i32,
  geometric: i32,
  rows: usize,
): void {
  const unit: f64 = 2 / (max(width, height) as f64);
  const row: usize = width << 2;
  let out = rows;
  for (let i: i32 = 0; i < count; i++) {
    const p = load<i32>(pixels + (i << 2));
    const x: f64 = ((p % width) as f64) + 0.5 - (width as f64) / 2;
    const y: f64 = ((p / width) as f64) + 0.5 - (height as f64) / 2;
    const at = template + (p << 2);
    store<f32>(out, load<f32>(at));
    store<f32>(out, 1, 4);
    store<f32>(out, (x * unit) as f32, 8);
    store<f32>(out, (y * unit) as f32, 12);
    out += 16;
    if (geometric === 0) continue;
    const across: f64 = ((load<f32>(at, 4) as f64) - load<f32>(at - 4)) / 2;
    const down: f64 = ((load<f32>(at + row) as f64) - load<f32>(at - row)) / 2;
    store<f32>(out, across as f32);
    store<f32>(out, down as f32, 4);
    out += 8;
    if (geometric === 2) continue;
    store<f32>(out, ((across * x + down * y) * unit) as f32);
    out += 4;
  }
}

/**
 * Samples a picture at some pixels of another.
 *
 * @param source floats, `sourceWidth` in a row. @param width of the picture that the indices belong to.
 * @param firstX, @param weightsX by column the first of `tapsX` source columns, 32 bits, and their weights,
 * 64 bits; @param firstY, @param weightsY the same by row. @param out receives `count` floats.
 */
export function samplePixels(
  source: usize,
  sourceWidth: i32,
  pixels: usize,
  count: i32,
  width: i32,
  firstX: usize,
  weightsX: usize,
  tapsX: i32,
  firstY: usize,
  weightsY: usize,
  tapsY: i32,
  out: usize,
): void {
  const rowBytes: usize = sourceWidth << 2;
  for (let i: i32 = 0; i < count; i++) {
    const p = load<i32>(pixels + (i << 2));
    const x = p % width;
    const y = p / width;
    let at = source + load<i32>(firstY + (y << 2)) * rowBytes + (load<i32>(firstX + (x << 2)) << 2);
    const across = weightsX + ((x * tapsX) << 3);
    const down = weightsY + ((y * tapsY) << 3);
    let value: f64 = 0;
    for (let v: i32 = 0; v < tapsY; v++) {
      let sum: f64 = 0;
      for (let u: i32 = 0; u < tapsX; u++) sum += load<f64>(across + (u << 3)) * load<f32>(at + (u << 2));
      value += load<f64>(down + (v << 3)) * sum;
      at += rowBytes;
    }
    store<f32>(out + (i << 2), value as f32);
  }
}
