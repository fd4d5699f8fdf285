import { EditError } from '../../../errors.ts';
import { isFrameMarker } from '../scan/headers.ts';
import { marker, type Segment, walkSegments } from './segments.ts';

/** Frames of a single DCT image, with Huffman or arithmetic coding. @see ITU-T T.81, table B.1. */
const singleDct: ReadonlySet<number> = new Set([0xc0, 0xc1, 0xc2, 0xc9, 0xca]);
/**
 * Checks the first frame header; scans are not read. A file whose headers are damaged passes: libjpeg decides
 * on it.
 *
 * @throws {EditError} `KIND_UNSUPPORTED` for samples of other than 8 bits, lossless and hierarchical files.
 */
export function assertFrameSupported(bytes: Uint8Array): void {
  const frame = firstFrame(bytes);
  if (frame === undefined) return;
  const bits = bytes[frame.dataOffset];
  if (bits !== 8) {
    throw new EditError('KIND_UNSUPPORTED', `Expected a JPEG of 8 bit, got one of ${bits}`);
  }
  if (!singleDct.has(frame.marker)) {
    throw new EditError(
      'KIND_UNSUPPORTED',
      'Expected a JPEG of one DCT frame, got a lossless or hierarchical one',
    );
  }
}

function firstFrame(bytes: Uint8Array): Segment | undefined {
  try {
    for (const segment of walkSegments(bytes)) {
      if (isFrameMarker(segment.marker)) return segment;
      if (segment.marker === marker.sos) return undefined;
    }
  } catch (error) {
    if (!(error instanceof EditError)) throw error;
  }
  return undefined;
}
