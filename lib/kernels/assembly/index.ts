// Every kernel, one line for each subject. `exports.ts` beside this folder has their types for TypeScript.
export { adler32 } from './adler';
export * from './bits';
export { blendRow } from './blend';
export { blurColumns, blurRow } from './blur';
export { addTap, mixChannels } from './convolve';
export { distancesAlong, distancesDown, distancesUp } from './distance';
export { featherRow } from './feather';
export { inflate, inflateStateBytes } from './inflate';
export * from './jpeg-compare';
export * from './jpeg-deltas';
export * from './jpeg-edit';
export * from './jpeg-scan';
export * from './looks';
export * from './membrane';
export * from './memory';
export { fillFromBorder } from './patch-border';
export * from './patch-levels';
export * from './patch-light';
export { patchDistance, sweepPatches } from './patch-sweep';
export { costOfRank, voteBest, voteMean } from './patch-vote';
export { differingPixels, filterRow, isBlank, unfilterRow } from './png-rows';
export { recode, recodeEnd, recodeStateBytes } from './recode';
export { designRows, samplePixels } from './registration';
export { addWeightedRows, gatherRow } from './resample';
export {
  fitLine,
  robustModelBytes,
  robustScratchBytes,
  robustSigma,
  solveRobustly,
} from './robust';
