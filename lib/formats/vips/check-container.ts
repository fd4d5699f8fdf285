import { EditError } from '../../errors.ts';
import { foreignColours, isAvif } from '../avif.ts';
import { assertFrameSupported } from '../jpeg/container/frame-header.ts';
import { isAnimated, readPngChunks } from '../png/chunks.ts';
import { unknownColours } from '../tiff/kind.ts';
import { readWebpChunks } from '../webp/chunks.ts';

/**
 * Kinds of file that libvips would misread or give up on late, found by their containers: told now, not after a model was paid.
 * What is carried from chunk to chunk when the picture is written must be whole, too.
 *
 * @throws {EditError} `KIND_UNSUPPORTED`; `IMAGE_TRUNCATED` and `IMAGE_UNREADABLE` when the container is damaged.
 */
export function checkContainer(bytes: Uint8Array): void {
  const head = Buffer.from(bytes.subarray(0, 12)).toString('latin1');
  if (head.startsWith('\xff\xd8')) assertFrameSupported(bytes);
  if (head.startsWith('RIFF') && head.endsWith('WEBP')) readWebpChunks(bytes);
  // libvips shows the first frame of an animated PNG and says nothing of the others.
  if (head.startsWith('\x89PNG') && isAnimated(readPngChunks(bytes))) {
    throw new EditError('KIND_UNSUPPORTED', 'Expected a picture of one frame, got an animated PNG');
  }
  const foreign = isAvif(bytes) ? foreignColours(bytes) : undefined;
  if (foreign !== undefined) {
    throw new EditError('KIND_UNSUPPORTED', `Expected an AVIF of sRGB or with a profile, got ${foreign}`);
  }
  const colours = /^(?:II|MM)/.test(head) ? unknownColours(bytes) : undefined;
  if (colours !== undefined) {
    throw new EditError(
      'KIND_UNSUPPORTED',
      `Expected an RGB, grey or CMYK picture, got a TIFF of ${colours}`,
    );
  }
}
