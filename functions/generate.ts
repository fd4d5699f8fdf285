import type { HttpFunction } from '@google-cloud/functions-framework';
import { type PicturesFunctionOptions, picturesFunction } from './pictures.ts';

/** Text to image: `{ "prompt": "...", "samples": 2, ... }`. */
export function generateFunction(options: Omit<PicturesFunctionOptions, 'name'>): HttpFunction {
  return picturesFunction({ name: 'generate', ...options });
}
