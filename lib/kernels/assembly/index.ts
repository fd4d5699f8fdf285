// Every kernel, one line for each subject. `exports.ts` beside this folder has their types for TypeScript.
export { adler32 } from './adler';
export * from './bits';
export { blendRow } from './blend';
export { blurColumns, blurRow } from './blur';
export { distancesAlong, distancesDown, distancesUp } from './distance';
export { featherRow } from './feather';
export { inflate, inflateStateBytes } from './inflate';
export * from './memory';
export { differingPixels, filterRow, unfilterRow } from './png-rows';
export { recode, recodeEnd, recodeStateBytes } from './recode';
export { addWeightedRows, gatherRow } from './resample';
