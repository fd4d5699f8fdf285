import type { HttpFunction } from '@google-cloud/functions-framework';
import { type PicturesFunctionOptions, picturesFunction } from './pictures.ts';

/** A larger picture: `{ "image": "<base64>", "factor": "x2" }`, or `imageUri` instead of `image`. */
export function upscaleFunction(options: Omit<PicturesFunctionOptions, 'name'>): HttpFunction {
  return picturesFunction({ name: 'upscale', ...options });
}
