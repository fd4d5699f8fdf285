import { type Raster, samplesPerLevel } from '../pixels/raster.ts';

/** Writes what the conversion loses of the colour of pixel `p`, levels of the picture's own channels. */
export type ColourLoss = (srgb: Raster, p: number, out: Float32Array) => void;

/** Distance of two nodes, levels: losses change fast at the border of sRGB. */
const stepLevels = 16;
const nodesPerSide = 256 / stepLevels + 1;
/** A cell between nodes has so many. */
const corners = 8;
/** Draws the loss to 0 where few pixels are known: so many, without any loss, are added everywhere. */
const priorPixels = 2;

/**
 * Learns what a conversion loses of colours: the mean of `own - converted` over pixels of about that colour.
 *
 * A grid of 17 nodes a side over sRGB; each pixel counts at the 8 nodes around it, and is read from them
 * likewise. Colours that no pixel has lose nothing.
 *
 * @param known N pixels: `srgb` 3 channels; `own` and `converted` the same channels and depth.
 */
export function learnColourLoss(known: {
  readonly srgb: Raster;
  readonly own: Raster;
  readonly converted: Raster;
}): ColourLoss {
  const { srgb, own, converted } = known;
  const { channels } = converted;
  const perLevel = samplesPerLevel(own.data);
  // Sums of the losses, then the weight.
  const nodes = new Float32Array(nodesPerSide ** 3 * (channels + 1));
  const around = { bases: new Int32Array(corners), weights: new Float32Array(corners) };
  for (let p = 0; p < srgb.width * srgb.height; p++) {
    findNodes(srgb, p, channels + 1, around);
    for (let corner = 0; corner < corners; corner++) {
      const base = around.bases[corner]!;
      const weight = around.weights[corner]!;
      if (weight === 0) continue;
      for (let c = 0; c < channels; c++) {
        const lost = own.data[p * own.channels + c]! - converted.data[p * channels + c]!;
        nodes[base + c]! += (weight * lost) / perLevel;
      }
      nodes[base + channels]! += weight;
    }
  }
  return (colours, p, out) => {
    findNodes(colours, p, channels + 1, around);
    out.fill(0);
    let total = priorPixels;
    for (let corner = 0; corner < corners; corner++) {
      const base = around.bases[corner]!;
      const weight = around.weights[corner]!;
      if (weight === 0) continue;
      for (let c = 0; c < channels; c++) out[c]! += weight * nodes[base + c]!;
      total += weight * nodes[base + channels]!;
    }
    for (let c = 0; c < channels; c++) out[c]! /= total;
  };
}

/** Finds where the 8 nodes around a colour begin, of `size` numbers each, and their trilinear weights. */
function findNodes(
  { data, channels }: Raster,
  p: number,
  size: number,
  around: { readonly bases: Int32Array; readonly weights: Float32Array },
): void {
  const scale = 1 / (stepLevels * samplesPerLevel(data));
  for (let corner = 0; corner < corners; corner++) {
    let node = 0;
    let weight = 1;
    for (let c = 0; c < 3; c++) {
      const place = data[p * channels + c]! * scale;
      const below = Math.floor(place);
      const isAbove = (corner >> c) & 1;
      weight *= isAbove === 1 ? place - below : 1 - place + below;
      node = node * nodesPerSide + below + isAbove;
    }
    around.bases[corner] = node * size;
    around.weights[corner] = weight;
  }
}
