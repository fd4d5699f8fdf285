import type { InpaintRequest } from '../engines/engine.ts';
import type { Raster } from '../pixels/raster.ts';
import { optionValues } from '../requests/schema.ts';
import { type FindRequest, findKey } from './finder.ts';

/** The request to a model that finds. @param crop the picture in one of the model's frames. */
export function findingRequest(
  crop: Raster,
  { wanted, labels }: Pick<FindRequest, 'wanted' | 'labels'>,
): InpaintRequest {
  return {
    ...optionValues('edit', { samples: 1, labels }),
    key: findKey,
    mode: 'removal',
    crop,
    mask: undefined,
    automaticMask: wanted,
    maskDilation: undefined,
    replyFormat: undefined,
  };
}
