import { boundingBox, boxOf, crop as cut, grow } from '../../pixels/box.ts';
import { unionOfMasks } from '../../pixels/boxed-mask.ts';
import type { Box, Mask, Raster, Size } from '../../pixels/raster.ts';
import { rescale } from '../../pixels/resample.ts';
import { fromHalf, netSidePx, runNet } from './net.ts';
import { surely } from './surely.ts';
import { layers, weights } from './weights.ts';

/** The second look is at what was found, with this share of its longer side around it. */
const aroundShare = 0.2;
/** It shows more only where it takes less than this share of the picture. */
const closerShare = 0.9;

const net = { layers, weights: fromHalf(Buffer.from(weights, 'base64')) };

/** One look of the net. @param picture 256 x 256 x 3, 8 bit sRGB. @returns 256 x 256 x 1, 255 = a person. */
export function lookAt(picture: Uint8Array): Uint8Array {
  const data = new Float32Array(picture);
  for (let i = 0; i < data.length; i++) data[i]! /= 255;
  const found = runNet(net, { width: netSidePx, height: netSidePx, channels: 3, data });
  const mask = new Uint8Array(found.data.length);
  for (let p = 0; p < mask.length; p++) mask[p] = Math.round(255 * found.data[p]!);
  return mask;
}

export interface People {
  /** H x W x 1, 255 = a person. */
  readonly mask: Mask;
  /** How sure the net is of what the mask holds, 0..1; 0 for an empty one. */
  readonly score: number;
}

/**
 * Where people are: by a look at the whole picture, and a second one at the part where some were found, which
 * shows limbs better.
 *
 * @param picture H x W x 3, 8 bit sRGB.
 */
export function peopleIn(picture: Raster): People {
  const whole = lookAtPart(picture, boxOf(picture));
  const box = partOfInterest(whole, picture);
  if (box === undefined) return withScore(whole);
  const closer = { box, mask: lookAtPart(picture, box) };
  return withScore(unionOfMasks([{ box: boxOf(whole), mask: whole }, closer]).mask);
}

function withScore(seen: Mask): People {
  const mask = surely(seen);
  const kept = seen.data.filter((_, p) => mask.data[p] !== 0);
  const sum = kept.reduce((total, level) => total + level, 0);
  return { mask, score: sum / Math.max(1, 255 * kept.length) };
}

function lookAtPart(picture: Raster, box: Box): Mask {
  const { width, height } = box;
  const side = { width: netSidePx, height: netSidePx };
  const found = lookAt(rescale(cut(picture, box), side, 'area').data);
  const data = rescale({ ...side, channels: 1, data: found }, { width, height }, 'area').data;
  return { width, height, channels: 1, data };
}

function partOfInterest(found: Mask, picture: Size): Box | undefined {
  const box = boundingBox({ ...found, data: found.data.map((level) => (level >= 128 ? 255 : 0)) });
  if (box === undefined) return undefined;
  const closer = grow(box, Math.ceil(aroundShare * Math.max(box.width, box.height)), picture);
  const share = (closer.width * closer.height) / (picture.width * picture.height);
  return share < closerShare ? closer : undefined;
}
