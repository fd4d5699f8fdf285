import type { EngineCodec, InpaintRequest } from '../../lib/engines/engine.ts';
import type { Raster } from '../../lib/pixels/raster.ts';
import { parseRequest } from '../../lib/requests/edit-request.ts';
import { editOptions } from '../../lib/requests/engine-options.ts';
import { boxMask } from './pictures.ts';

/** A grey H x W x 3 picture. */
export function greyCrop(width = 8, height = 8, value = 100): Raster {
  return { width, height, channels: 3, data: new Uint8Array(width * height * 3).fill(value) };
}

/** A removal of one candidate with every option left out. */
export function removalRequest(overrides: Partial<InpaintRequest> = {}): InpaintRequest {
  return {
    ...editOptions(parseRequest({})),
    key: 'r0',
    mode: 'removal',
    crop: greyCrop(),
    mask: boxMask({ width: 8, height: 8 }, { left: 2, top: 2, width: 4, height: 4 }),
    ...overrides,
  };
}

/** A codec that "encodes" to readable bytes: `crop` or `mask`, so that bodies can be written out. */
export const labelCodec: EngineCodec = {
  encode: async (raster) => ({
    bytes: new TextEncoder().encode(raster.channels === 1 ? 'mask' : 'crop'),
    mediaType: 'image/png',
  }),
};

export const cropBase64 = 'Y3JvcA==';
export const maskBase64 = 'bWFzaw==';

const pngSignature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Bytes with the first and last chunk of a PNG and nothing between: enough for who reads headers only. */
export function pngShell(width = 1024, height = 1024): Buffer {
  const ihdr = Buffer.alloc(25);
  ihdr.writeUInt32BE(13, 0);
  ihdr.write('IHDR', 4, 'latin1');
  ihdr.writeUInt32BE(width, 8);
  ihdr.writeUInt32BE(height, 12);
  const iend = Buffer.from([0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82]);
  return Buffer.concat([Buffer.from(pngSignature), ihdr, iend]);
}

export function pngBase64(width?: number, height?: number): string {
  return pngShell(width, height).toString('base64');
}
