import { expect, test } from 'vitest';
import { identityAlignment } from '../../../lib/fit/alignment.ts';
import { blend } from '../../../lib/fit/blend.ts';
import { composite } from '../../../lib/fit/composite.ts';
import { adaptiveFeather, featherDistance } from '../../../lib/fit/feather.ts';
import { blur } from '../../../lib/pixels/blur.ts';
import { boxOf } from '../../../lib/pixels/box.ts';
import { insideDistance } from '../../../lib/pixels/distance.ts';
import { emptyFloatRaster, type Mask, type Raster } from '../../../lib/pixels/raster.ts';
import { rescale, resizeTo } from '../../../lib/pixels/resample.ts';
import { random } from '../../support/pictures.ts';
import { withEachPoison } from '../../support/poisoned-kernels.ts';

const next = random(9);

type Kind = 'noise' | 'flat' | 'extremes';

function values(length: number, depth: 8 | 16, kind: Kind): Uint8Array | Uint16Array {
  const most = depth === 16 ? 65_535 : 255;
  const data = depth === 16 ? new Uint16Array(length) : new Uint8Array(length);
  return data.map(() =>
    kind === 'flat' ? 77 : kind === 'noise' ? next() * (most + 1) : next() < 0.5 ? 0 : most,
  );
}

const rasterOf = (width: number, height: number, channels: number, depth: 8 | 16, kind: Kind): Raster => ({
  ...{ width, height, channels },
  data: values(width * height * channels, depth, kind),
});

const maskOf = (width: number, height: number): Mask => ({
  ...{ width, height, channels: 1 as const },
  data: Uint8Array.from({ length: width * height }, (_, i) => (i % 7 === 3 ? 0 : 255 - (i % 5))),
});

const cases = [1, 2, 3, 4].flatMap((channels) =>
  ([8, 16] as const).flatMap((depth) =>
    (['noise', 'flat', 'extremes'] as const).map((kind) => ({ channels, depth, kind })),
  ),
);

test.each(cases)('what lies around the rows of a raster changes nothing: %o', ({ channels, depth, kind }) => {
  for (const [width, height] of [
    [1, 1],
    [3, 3],
    [17, 9],
  ] as const) {
    const raster = rasterOf(width, height, channels, depth, kind);
    const mask = maskOf(width, height);
    const results = withEachPoison(() => {
      const levels = resizeTo(raster, raster);
      const distance = featherDistance(mask, 2);
      const patch = boxOf(mask);
      const difference = { ...levels, channels: 1, data: levels.data.slice(0, width * height) };
      return [
        rescale(raster, { width: width + 4, height: 2 * height }).data,
        resizeTo(raster, { width: 2, height: 1 }).data,
        blur(levels, 1.2).data,
        insideDistance(mask, 3),
        adaptiveFeather({ mask, distance, featherPx: 2, difference, crop: mask, patch }).data,
      ];
    });
    for (const result of results) expect(result).toEqual(results[0]);
  }
});

test.each(cases)('a blend is the formula in numbers of 64 bits: %o', ({ channels, depth, kind }) => {
  const colours = channels === 2 ? 1 : channels;
  const [width, height] = [13, 5];
  const crop = rasterOf(width, height, channels, depth, kind);
  const edited = rasterOf(width, height, colours, 8, 'noise');
  const alpha: Mask = { width, height, channels: 1, data: Uint8Array.from({ length: 65 }, (_, i) => i * 4) };
  const gains = Array.from({ length: colours }, () => 0.75 + next() / 2);
  const offsets = Array.from({ length: colours }, () => 20 * next() - 10);
  const residual = emptyFloatRaster(1, 1, colours);
  residual.data.fill(1.3);
  const perLevel = depth === 16 ? 257 : 1;
  const expected = crop.data.slice();
  for (let i = 0; i < expected.length; i++) {
    const [p, c] = [Math.trunc(i / channels), i % channels];
    if (c >= colours || alpha.data[p] === 0) continue;
    const light = residual.data[0]!;
    const wanted = Math.fround(gains[c]! * edited.data[p * colours + c]! + offsets[c]! + light) * perLevel;
    const mixed = expected[i]! + (wanted - expected[i]!) * (alpha.data[p]! / 255);
    expected[i] = Math.max(0, Math.min(255 * perLevel, mixed + 0.5));
  }
  for (const { data } of withEachPoison(() =>
    blend({
      ...{ crop, edited, alpha, patch: boxOf(crop), alignment: identityAlignment },
      harmony: { tone: { gains, offsets }, residual },
    }),
  )) {
    expect(data).toEqual(expected);
  }
});

test.each(['noise', 'flat', 'extremes'] as const)(
  'what lies around a composite changes nothing: %s',
  (kind) => {
    for (const side of [1, 3, 70]) {
      const crop = rasterOf(side, side, 3, 8, kind);
      const edited = rasterOf(side, side, 3, 8, side < 70 ? 'noise' : kind);
      // Not all is masked: there is a ring to compare.
      const data = maskOf(side, side).data.map((value, i) => (i % side < side / 3 ? value : 0));
      const mask: Mask = { width: side, height: side, channels: 1, data };
      const results = withEachPoison(() => composite({ crop, edited, mask }));
      for (const result of results) expect(result).toEqual(results[0]);
    }
  },
);
