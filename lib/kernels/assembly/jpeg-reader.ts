import { firstFault, skipBlock } from './jpeg-bits';

// A scan as its kernels see it, in words: the buffer and where it is read; then 4 DC predictors; then for
// each block of an MCU its two decoders and its component.
const bytesAt: usize = 0;
const positionAt: usize = 4;
const lastStartAt: usize = 8;
const dataEndAt: usize = 12;
const blocksAt: usize = 16;
const componentsAt: usize = 20;
const faultAt: usize = 24;
export const dcAt: usize = 32;
export const firstBlockAt: usize = 48;
export const blockBytes: usize = 16;

export function bytesOf(scan: usize): usize {
  return load<usize>(scan, bytesAt);
}
export function positionOf(scan: usize): u32 {
  return load<u32>(scan, positionAt);
}
export function moveTo(scan: usize, position: u32): void {
  store<u32>(scan, position, positionAt);
}
/** An MCU can begin up to here without leaving the buffer. */
export function lastStartOf(scan: usize): u32 {
  return load<u32>(scan, lastStartAt);
}
/** No MCU may end behind this bit. */
export function dataEndOf(scan: usize): u32 {
  return load<u32>(scan, dataEndAt);
}
export function blocksOf(scan: usize): i32 {
  return load<i32>(scan, blocksAt);
}
export function componentsOf(scan: usize): u32 {
  return load<u32>(scan, componentsAt);
}

/** Keeps a fault for the caller. */
export function keepFault(scan: usize, fault: u32): void {
  store<u32>(scan, fault, faultAt);
}

/** Passes one MCU and adds up its DC differences. @returns the position behind it, or a fault. */
export function walkMcu(scan: usize, from: u32): u32 {
  const bytes = bytesOf(scan);
  const end = scan + firstBlockAt + blockBytes * blocksOf(scan);
  let position = from;
  for (let block = scan + firstBlockAt; block < end; block += blockBytes) {
    const predictor = scan + dcAt + 4 * load<u32>(block, 8);
    position = skipBlock(bytes, position, load<usize>(block), load<usize>(block, 4), predictor);
    if (position >= firstFault) return position;
  }
  return position;
}
