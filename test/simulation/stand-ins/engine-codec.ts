import type { EngineCodec } from '../../../lib/engines/engine.ts';

/** In the place of `lib/formats/vips/engine-codec.ts`: a text is its own file. */
export const engineCodec: EngineCodec = {
  encode: async ({ data }) => ({ bytes: Uint8Array.from(data), mediaType: 'image/png' }),
};
