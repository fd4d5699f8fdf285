import type { FloatRaster } from './float-raster.ts';
import type { Raster } from './raster.ts';

/** The first `count` channels, the raster itself when it has no more: the colours, without an alpha behind them. */
export function firstChannels<T extends Raster | FloatRaster>(raster: T, count: number): T {
  const { channels } = raster;
  if (channels === count) return raster;
  const data = raster.data.filter((_, i) => i % channels < count);
  return { ...raster, channels: count, data };
}
