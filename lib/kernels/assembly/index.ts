// Every kernel, one line for each subject. `exports.ts` beside this folder has their types for TypeScript.
export { adler32 } from './adler';
export * from './bits';
export { inflate, inflateStateBytes } from './inflate';
export * from './memory';
export { differingPixels, filterRow, unfilterRow } from './png-rows';
export { recode, recodeEnd, recodeStateBytes } from './recode';
