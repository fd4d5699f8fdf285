import type { Raster } from '../../pixels/raster.ts';
import { fitSize } from '../../pixels/resample.ts';
import { sharp } from './loaders.ts';
import type { MaskFile } from './mask-file.ts';
import { decoded } from './samples.ts';

/** Where a mask has its selection. */
export interface Carrier {
  readonly channel: 'luma' | 'alpha';
  /** True when transparent means edit. */
  readonly isHole: boolean;
}

const luma: Carrier = { channel: 'luma', isHole: false };
const opaque: Carrier = { channel: 'alpha', isHole: false };
const hole: Carrier = { channel: 'alpha', isHole: true };

/** Colours that differ by no more than this, of 255, count as one colour. */
const flatRange = 8;
/** From this value on, in every channel, a colour is white. */
const white = 200;
/** Above this alpha a pixel shows its own colour. */
const opaqueAlpha = 250;
/** A mask of more colours is a picture: grey has 256. */
const maxMaskColours = 1024;
/** Colours are judged by this many pixels a side. */
const sampleSidePx = 1024;
/** Mask and photo are compared at this size, where lossy codecs leave no trace. */
const thumbnail = { width: 64, height: 64 };
/** Up to this mean difference, levels, two thumbnails are of one picture. */
const samePicture = 12;

/**
 * Finds the channel that holds the selection of a mask with alpha.
 *
 * Where the colours tell nothing, alpha does. Programs that erase leave a hole in a picture or in one colour:
 * there transparent means edit. White on transparent is a painted selection.
 *
 * @param photo the bytes of the picture the mask belongs to. @param isGuessed false: a hole is never assumed.
 */
export async function carrierOf(
  file: MaskFile,
  { photo, isGuessed }: { readonly photo: Uint8Array; readonly isGuessed: boolean },
): Promise<Carrier> {
  const { channels } = await file.open().stats();
  const alpha = channels.at(-1);
  if (alpha === undefined || alpha.max - alpha.min <= flatRange) return luma;
  const isFlat = channels.slice(0, -1).every(({ min, max }) => max - min <= flatRange);
  if (!isGuessed) return isFlat ? opaque : luma;
  const isMinority = alpha.mean > 255 / 2;
  const colours = opaqueColours(await sampleOf(file));
  if (colours.count === 0) return isFlat ? opaque : luma;
  if (colours.isFlat) return colours.isWhite || !isMinority ? opaque : hole;
  if (isMinority && colours.count > maxMaskColours) return hole;
  return (await showsPhoto(file, photo)) ? hole : luma;
}

/** 8 bit with alpha; no pixel is a mix of others. */
async function sampleOf({ header, open }: MaskFile): Promise<Raster> {
  const size = fitSize(header.displayed, sampleSidePx);
  const sampled = open().resize({ ...size, fit: 'fill', kernel: 'nearest' });
  return decoded(sampled.toColourspace('srgb'));
}

function opaqueColours({ channels, data }: Raster) {
  const seen = new Set<number>();
  const low = [255, 255, 255];
  const high = [0, 0, 0];
  for (let i = 0; i < data.length; i += channels) {
    if (data[i + channels - 1]! < opaqueAlpha) continue;
    for (let c = 0; c < 3; c++) {
      const value = data[i + c]!;
      if (value < low[c]!) low[c] = value;
      if (value > high[c]!) high[c] = value;
    }
    if (seen.size <= maxMaskColours) seen.add((data[i]! << 16) | (data[i + 1]! << 8) | data[i + 2]!);
  }
  const isFlat = low.every((value, c) => high[c]! - value <= flatRange);
  return { count: seen.size, isFlat, isWhite: low.every((value) => value >= white) };
}

async function showsPhoto(file: MaskFile, photo: Uint8Array): Promise<boolean> {
  const upright = sharp(photo, { limitInputPixels: false, autoOrient: true });
  const [mine, its] = await Promise.all(
    [file.open(), upright].map((pipeline) =>
      decoded(
        pipeline
          .resize({ ...thumbnail, fit: 'fill' })
          .toColourspace('srgb')
          .ensureAlpha(),
      ),
    ),
  );
  let sum = 0;
  let count = 0;
  for (let i = 0; i < mine!.data.length; i += 4) {
    if (mine!.data[i + 3]! < opaqueAlpha) continue;
    for (let c = 0; c < 3; c++) sum += Math.abs(mine!.data[i + c]! - its!.data[i + c]!);
    count += 3;
  }
  return count > 0 && sum / count <= samePicture;
}
