import { boxMask, maskPng, pipelineOf, wavePicture } from './pictures.ts';

/** Waves and a box in them: a small pair of files. */
export const size = { width: 90, height: 70 };
export const image = Uint8Array.from(await pipelineOf(wavePicture(size)).png().toBuffer());
export const mask = Uint8Array.from(await maskPng(boxMask(size, { left: 40, top: 30, width: 9, height: 8 })));
