import { readPngChunks } from '../../lib/formats/png/chunks.ts';
import { damaged } from '../support/damage.ts';
import { pngFile } from '../support/png-files.ts';
import type { Draw } from './draw.ts';

type Mutate = (file: Buffer, draw: Draw) => Buffer;

/** A file near a good one: mostly by the rules of its format, else by chance. */
export function mutatedFile(file: Uint8Array, seed: number, draw: Draw): Buffer {
  const bytes = Buffer.from(file);
  const mutations = draw.chance(0.65) ? ofFormat(bytes) : undefined;
  if (mutations === undefined) return Buffer.from(damaged(bytes, { count: 1, seed }).next().value!);
  let out: Buffer = bytes;
  for (let rounds = 1 + draw.below(2); rounds > 0; rounds--) out = draw.oneOf(mutations)(out, draw);
  return out;
}

function ofFormat(bytes: Buffer): readonly Mutate[] | undefined {
  if (bytes.subarray(0, 2).equals(Buffer.from([0xff, 0xd8]))) return jpegMutations;
  if (bytes.subarray(1, 4).toString('latin1') === 'PNG') return pngMutations;
  if (bytes.subarray(0, 4).toString('latin1') === 'RIFF') return riffMutations;
  return /^(II\*\0|MM\0\*)/.test(bytes.subarray(0, 4).toString('latin1')) ? tiffMutations : undefined;
}

const inserted = (bytes: Buffer, at: number, ...part: readonly number[]): Buffer =>
  Buffer.concat([bytes.subarray(0, at), Buffer.from(part), bytes.subarray(at)]);
const without = (bytes: Buffer, from: number, to: number): Buffer =>
  Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
function withByte(bytes: Buffer, at: number, value: number): Buffer {
  const out = Buffer.from(bytes);
  if (at >= 0 && at < out.length) out[at] = value;
  return out;
}

/** Offsets and lengths of the segments before the first scan, as far as they can be read. */
export function jpegSegments(
  bytes: Buffer,
): { readonly marker: number; readonly from: number; readonly to: number }[] {
  const found = [];
  for (let at = 2; at + 4 <= bytes.length; ) {
    // Fill bytes and bytes that belong to nothing, which decoders pass over.
    if (bytes[at] !== 0xff || bytes[at + 1]! < 0xc0 || bytes[at + 1] === 0xff) {
      at++;
      continue;
    }
    const to = at + 2 + bytes.readUInt16BE(at + 2);
    found.push({ marker: bytes[at + 1]!, from: at, to });
    if (bytes[at + 1] === 0xda) break;
    at = to;
  }
  return found;
}
const endOfImage = (bytes: Buffer): number => bytes.lastIndexOf(Buffer.from([0xff, 0xd9]));
const scanData = (bytes: Buffer): number =>
  jpegSegments(bytes).find(({ marker }) => marker === 0xda)?.to ?? 0;

/** Standalone markers that may stand between intervals, or must not. */
const strayMarkers = [0xd0, 0xd3, 0xd7, 0xd8, 0xd9, 0x01, 0xff, 0xfe, 0xdc] as const;

const jpegMutations: readonly Mutate[] = [
  // Between the last block and the end of the image.
  (bytes, draw) => inserted(bytes, Math.max(0, endOfImage(bytes)), 0xff, 0xd0 + draw.below(8)),
  (bytes, draw) =>
    inserted(bytes, Math.max(0, endOfImage(bytes)), ...Array<number>(1 + draw.below(9)).fill(0xff)),
  (bytes, draw) =>
    inserted(
      bytes,
      Math.max(0, endOfImage(bytes)),
      ...Array.from({ length: 1 + draw.below(5) }, () => draw.below(255)),
    ),
  (bytes) => bytes.subarray(0, Math.max(2, endOfImage(bytes))),
  (bytes, draw) =>
    inserted(bytes, bytes.length, ...Array.from({ length: draw.below(40) }, () => draw.below(256))),
  // Within a scan.
  (bytes, draw) =>
    inserted(
      bytes,
      scanData(bytes) + draw.below(Math.max(1, bytes.length - scanData(bytes))),
      0xff,
      draw.oneOf(strayMarkers),
    ),
  (bytes, draw) =>
    withByte(
      bytes,
      scanData(bytes) + draw.below(Math.max(1, bytes.length - scanData(bytes))),
      draw.below(256),
    ),
  (bytes, draw) => {
    const restarts = [...bytes.keys()].filter(
      (at) => bytes[at] === 0xff && bytes[at + 1]! >= 0xd0 && bytes[at + 1]! <= 0xd7,
    );
    if (restarts.length === 0) return bytes;
    const at = draw.oneOf(restarts);
    return draw.chance(0.5) ? without(bytes, at, at + 2) : withByte(bytes, at + 1, 0xd0 + draw.below(8));
  },
  // Among the segments.
  (bytes, draw) =>
    onSegment(bytes, draw, ({ from, to }) => Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)])),
  (bytes, draw) => onSegment(bytes, draw, ({ from, to }) => without(bytes, from, to)),
  (bytes, draw) =>
    onSegment(bytes, draw, ({ from, to }) => withByte(bytes, from + draw.below(to - from), draw.below(256))),
  (bytes, draw) =>
    onSegment(bytes, draw, ({ from }) =>
      inserted(bytes, from, ...Array<number>(1 + draw.below(6)).fill(draw.chance(0.5) ? 0xff : 0)),
    ),
  (bytes, draw) =>
    onSegment(bytes, draw, ({ from }) =>
      inserted(bytes, from, 0xff, 0xdd, 0, 4, draw.below(2), draw.below(256)),
    ),
  (bytes, draw) => {
    const frame = jpegSegments(bytes).find(
      ({ marker }) => marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4,
    );
    if (frame === undefined) return bytes;
    // Precision, height, width, components; or the sampling and table of one of them.
    return withByte(
      bytes,
      frame.from + 4 + draw.below(14),
      draw.oneOf([0, 1, 3, 4, 8, 0x11, 0x12, 0x21, 0x22, 0x41, 0x14, 0xff]),
    );
  },
];

function onSegment(
  bytes: Buffer,
  draw: Draw,
  change: (segment: { readonly from: number; readonly to: number }) => Buffer,
): Buffer {
  const segments = jpegSegments(bytes);
  return segments.length === 0 ? bytes : change(draw.oneOf(segments));
}

type RawChunk = readonly [type: string, data: Uint8Array];

/** The chunks of a PNG, with their checksums right afterwards. */
const onChunks =
  (change: (chunks: RawChunk[], draw: Draw) => readonly RawChunk[]): Mutate =>
  (bytes, draw) => {
    try {
      const { chunks } = readPngChunks(bytes);
      return pngFile(
        change(
          chunks.map(({ name, data }) => [name, data] as const),
          draw,
        ),
      );
    } catch {
      return bytes;
    }
  };

const pngMutations: readonly Mutate[] = [
  onChunks((chunks, draw) => chunks.toSpliced(draw.below(chunks.length), 1)),
  onChunks((chunks, draw) => chunks.toSpliced(draw.below(chunks.length), 0, draw.oneOf(chunks))),
  onChunks((chunks, draw) => {
    const [a, b] = [draw.below(chunks.length), draw.below(chunks.length)];
    return chunks.with(a, chunks[b]!).with(b, chunks[a]!);
  }),
  onChunks((chunks, draw) => {
    const at = draw.below(chunks.length);
    const [type, data] = chunks[at]!;
    return chunks.with(at, [type, withByte(Buffer.from(data), draw.below(data.length), draw.below(256))]);
  }),
  onChunks((chunks, draw) => {
    const at = draw.below(chunks.length);
    const [type, data] = chunks[at]!;
    const cut = draw.below(data.length + 1);
    return type === 'IDAT'
      ? chunks.toSpliced(
          at,
          1,
          [type, data.subarray(0, cut)],
          ['IDAT', new Uint8Array()],
          [type, data.subarray(cut)],
        )
      : chunks.with(at, [type, data.subarray(0, cut)]);
  }),
  onChunks((chunks, draw) => {
    const strange: RawChunk = [
      draw.oneOf(['tRNS', 'PLTE', 'acTL', 'eXIf', 'iCCP', 'zzZz', 'ABCD', 'IEND', 'gAMA', 'sBIT']),
      Buffer.alloc(draw.below(30), draw.below(256)),
    ];
    return chunks.toSpliced(draw.below(chunks.length), 0, strange);
  }),
  (bytes, draw) =>
    inserted(bytes, bytes.length, ...Array.from({ length: 1 + draw.below(40) }, () => draw.below(256))),
];

/** Chunks of a RIFF file by offset; the last may be cut. */
function riffChunks(bytes: Buffer): { readonly from: number; readonly to: number }[] {
  const found = [];
  for (let at = 12; at + 8 <= bytes.length; ) {
    const to = at + 8 + bytes.readUInt32LE(at + 4) + (bytes.readUInt32LE(at + 4) & 1);
    found.push({ from: at, to: Math.min(to, bytes.length) });
    at = to;
  }
  return found;
}
function withRiffSize(bytes: Buffer): Buffer {
  const out = Buffer.from(bytes);
  if (out.length > 8) out.writeUInt32LE(out.length - 8, 4);
  return out;
}
const riffMutations: readonly Mutate[] = [
  (bytes, draw) => onRiff(bytes, draw, ({ from, to }) => withRiffSize(without(bytes, from, to))),
  (bytes, draw) =>
    onRiff(bytes, draw, ({ from, to }) =>
      withRiffSize(Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)])),
    ),
  (bytes, draw) =>
    onRiff(bytes, draw, ({ from, to }) => withByte(bytes, from + draw.below(to - from), draw.below(256))),
  (bytes, draw) =>
    onRiff(bytes, draw, ({ from }) => withByte(bytes, from + 4 + draw.below(4), draw.below(256))),
  (bytes, draw) => withByte(bytes, 4 + draw.below(4), draw.below(256)),
];
function onRiff(bytes: Buffer, draw: Draw, change: (chunk: { from: number; to: number }) => Buffer): Buffer {
  const chunks = riffChunks(bytes);
  return chunks.length === 0 ? bytes : change(draw.oneOf(chunks));
}

const tiffMutations: readonly Mutate[] = [
  // A tag, type, count or value of the first directory.
  (bytes, draw) => {
    const isLittle = bytes[0] === 0x49;
    const at = isLittle ? bytes.readUInt32LE(4) : bytes.readUInt32BE(4);
    if (at + 2 > bytes.length) return bytes;
    const count = isLittle ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at);
    return withByte(
      bytes,
      at + 2 + 12 * draw.below(count) + draw.below(12),
      draw.oneOf([0, 1, 2, 3, 4, 5, 8, 16, 32, 127, 255]),
    );
  },
  (bytes, draw) => withByte(bytes, 4 + draw.below(4), draw.below(256)),
  (bytes, draw) => withByte(bytes, draw.below(bytes.length), draw.below(256)),
];
