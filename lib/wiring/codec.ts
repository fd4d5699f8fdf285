import type { FinderCodec } from '../finders/finder.ts';

/** sharp is loaded with the first crop: an upload without a mask needs none. */
export const codec: FinderCodec = {
  encode: async (raster, options) =>
    (await import('../formats/vips/engine-codec.ts')).engineCodec.encode(raster, options),
  decode: async ({ bytes }) => (await import('../formats/vips/answer.ts')).decodeAnswer(bytes),
};
