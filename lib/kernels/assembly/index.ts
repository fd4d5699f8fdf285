// Every kernel, one line for each subject. `exports.ts` beside this folder has their types for TypeScript.
export * from './bits';
export * from './memory';
