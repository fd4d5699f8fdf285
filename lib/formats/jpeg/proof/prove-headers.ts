import type { JpegStructure } from '../scan/structure.ts';
import { marker, type Segment } from '../segments.ts';

export interface HeaderComparison {
  /** Frame, quantisation, restart interval and scan headers: the same bytes in the same order; the same colours. */
  readonly structureEqual: boolean;
  /** Huffman tables likewise. */
  readonly tablesEqual: boolean;
  /** APPn and COM segments likewise. */
  readonly metadataEqual: boolean;
  /** What follows EOI (or, without one, the last scan). */
  readonly trailerEqual: boolean;
}

interface Pair {
  readonly source: Uint8Array;
  readonly output: Uint8Array;
  readonly before: JpegStructure;
  readonly after: JpegStructure;
}

const isMetadata = ({ marker: code }: Segment) =>
  (code >= marker.app0 && code <= marker.app15) || code === marker.com;
const isTable = ({ marker: code }: Segment) => code === marker.dht;
const isStructure = (segment: Segment) => !isMetadata(segment) && !isTable(segment);

/** Compares all bytes of two files that are not entropy-coded. */
export function compareHeaders(pair: Pair): HeaderComparison {
  return {
    structureEqual: pair.before.colour === pair.after.colour && equalSegments(pair, isStructure),
    tablesEqual: equalSegments(pair, isTable),
    metadataEqual: equalSegments(pair, isMetadata),
    trailerEqual: equalBytes(trailerOf(pair.source, pair.before), trailerOf(pair.output, pair.after)),
  };
}

function equalSegments(
  { source, output, before, after }: Pair,
  belongs: (segment: Segment) => boolean,
): boolean {
  const a = before.segments.filter(belongs);
  const b = after.segments.filter(belongs);
  return (
    a.length === b.length &&
    a.every(({ offset, end }, i) =>
      equalBytes(source.subarray(offset, end), output.subarray(b[i]!.offset, b[i]!.end)),
    )
  );
}

const trailerOf = (bytes: Uint8Array, { segments }: JpegStructure) =>
  bytes.subarray(segments.at(-1)!.entropyEnd);

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
