// Every kernel, one line for each subject. `exports.ts` beside this folder has their types for TypeScript.
export { adler32 } from './adler';
export * from './bits';
export { inflate, inflateStateBytes } from './inflate';
export * from './jpeg-compare';
export * from './jpeg-edit';
export * from './jpeg-scan';
export * from './memory';
export * from './patch-levels';
export * from './patch-light';
export * from './patch-sweep';
export * from './patch-vote';
export { differingPixels, filterRow, unfilterRow } from './png-rows';
export { recode, recodeEnd, recodeStateBytes } from './recode';
