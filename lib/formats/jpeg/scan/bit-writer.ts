/** Entropy-coded bytes as they are written: most significant bit first, FF becomes FF 00. */
export interface BitWriter {
  bytes: Uint8Array;
  /** Whole bytes written. */
  length: number;
  /** The last `count` (0..7) bits of `pending` are not written yet. */
  pending: number;
  count: number;
}

export function bitWriter(capacity: number): BitWriter {
  return { bytes: new Uint8Array(capacity), length: 0, pending: 0, count: 0 };
}

/** Makes room for `extra` more bytes. Grows by a quarter: outputs are seldom longer than their source. */
export function reserve(writer: BitWriter, extra: number): void {
  const needed = writer.length + extra;
  if (needed <= writer.bytes.length) return;
  const grown = new Uint8Array(Math.ceil(needed * 1.25));
  grown.set(writer.bytes.subarray(0, writer.length));
  writer.bytes = grown;
}

/** 31 bits hold these and the 7 that may be pending. */
const maxBitsAtOnce = 24;

/** Appends the low `count` (0..24) bits of `bits`. The caller has reserved room. */
export function writeBits(writer: BitWriter, bits: number, count: number): void {
  let pending = (writer.pending << count) | (bits & ((1 << count) - 1));
  let total = writer.count + count;
  while (total >= 8) {
    total -= 8;
    const byte = (pending >>> total) & 0xff;
    writer.bytes[writer.length++] = byte;
    if (byte === 0xff) writer.bytes[writer.length++] = 0;
  }
  pending &= (1 << total) - 1;
  writer.pending = pending;
  writer.count = total;
}

/** Appends a Huffman code (up to 16 bits) and its extra bits (up to 16). Reserves room. */
export function writeSymbol(
  writer: BitWriter,
  code: number,
  length: number,
  extra: number,
  size: number,
): void {
  reserve(writer, 16);
  if (length + size <= maxBitsAtOnce) {
    writeBits(writer, (code << size) | extra, length + size);
    return;
  }
  writeBits(writer, code, length);
  writeBits(writer, extra, size);
}

/** Fills the last byte with ones, as T.81 F.1.2.3 asks. */
export function alignWithOnes(writer: BitWriter): void {
  reserve(writer, 4);
  if (writer.count > 0) writeBits(writer, 0x7f, 8 - writer.count);
}

/**
 * Appends bytes as they are: markers, or entropy-coded data that is stuffed already. The writer is aligned.
 */
export function writeBytes(writer: BitWriter, bytes: Uint8Array): void {
  reserve(writer, bytes.length);
  writer.bytes.set(bytes, writer.length);
  writer.length += bytes.length;
}
