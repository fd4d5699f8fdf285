/**
 * Values under a tag: text is ASCII, numbers are SHORT or LONG, bytes UNDEFINED, and a list of tags a
 * directory of its own.
 */
type PlainValue = string | number | readonly number[] | Uint8Array;
export type TagList = { readonly [tag: number]: PlainValue | { readonly tags: TagList } };

interface TiffFile {
  readonly width: number;
  readonly height: number;
  /** As they are stored: one strip. */
  readonly samples: Uint8Array;
  readonly bits: number;
  readonly channels: number;
  /** 0 grey where 0 is white, 1 grey, 2 RGB, 3 palette, 5 CMYK, 8 Lab. */
  readonly photometric: number;
  readonly isBig?: boolean;
  readonly tags?: TagList;
}

/** A TIFF that is not compressed, of any kind and either byte order. */
export function tiffFile({ tags = {}, isBig = false, samples, ...kind }: TiffFile): Buffer {
  const { width, height, bits, channels, photometric } = kind;
  const all: TagList = {
    256: width,
    257: height,
    258: Array.from({ length: channels }, () => bits),
    259: 1,
    262: photometric,
    273: 8,
    277: channels,
    278: height,
    279: samples.length,
    284: 1,
    ...tags,
  };
  const end = 8 + samples.length + (samples.length & 1);
  const head = Buffer.from(isBig ? 'MM\0*\0\0\0\0' : 'II*\0\0\0\0\0', 'latin1');
  const { bytes, at } = directory(all, end, isBig);
  u32(head, at, 4, isBig);
  return Buffer.concat([head, samples, Buffer.alloc(samples.length & 1), bytes]);
}

const u16 = (out: Buffer, value: number, at: number, isBig: boolean) =>
  isBig ? out.writeUInt16BE(value, at) : out.writeUInt16LE(value, at);
const u32 = (out: Buffer, value: number, at: number, isBig: boolean) =>
  isBig ? out.writeUInt32BE(value, at) : out.writeUInt32LE(value, at);

interface Field {
  readonly type: number;
  readonly count: number;
  readonly data: Buffer;
}

function field(value: PlainValue, isBig: boolean): Field {
  if (typeof value === 'string') {
    return { type: 2, count: value.length + 1, data: Buffer.from(`${value}\0`, 'latin1') };
  }
  if (value instanceof Uint8Array) return { type: 7, count: value.length, data: Buffer.from(value) };
  const numbers = typeof value === 'number' ? [value] : value;
  const isLong = numbers.some((number) => number > 0xffff);
  const data = Buffer.alloc(numbers.length * (isLong ? 4 : 2));
  for (const [i, number] of numbers.entries()) {
    if (isLong) u32(data, number, 4 * i, isBig);
    else u16(data, number, 2 * i, isBig);
  }
  return { type: isLong ? 4 : 3, count: numbers.length, data };
}

const isDirectory = (value: TagList[number]): value is { readonly tags: TagList } =>
  typeof value === 'object' && 'tags' in value;

function pointer(at: number, isBig: boolean): Field {
  const data = Buffer.alloc(4);
  u32(data, at, 0, isBig);
  return { type: 4, count: 1, data };
}

/** Inner directories, then long values, then the directory itself, from an even offset on. */
function directory(tags: TagList, from: number, isBig: boolean): { bytes: Buffer; at: number } {
  const parts: Buffer[] = [];
  let end = from;
  const push = (part: Buffer) => {
    const at = end;
    parts.push(part, Buffer.alloc(part.length & 1));
    end += part.length + (part.length & 1);
    return at;
  };
  const names = Object.keys(tags).map(Number);
  const out = Buffer.alloc(2 + 12 * names.length + 4);
  u16(out, names.length, 0, isBig);
  names.forEach((tag, i) => {
    const value = tags[tag]!;
    const entry = 2 + 12 * i;
    u16(out, tag, entry, isBig);
    const inner = isDirectory(value) ? directory(value.tags, end, isBig) : undefined;
    if (inner) push(inner.bytes);
    const { type, count, data } = isDirectory(value) ? pointer(inner!.at, isBig) : field(value, isBig);
    u16(out, type, entry + 2, isBig);
    u32(out, count, entry + 4, isBig);
    if (data.length <= 4) data.copy(out, entry + 8);
    else u32(out, push(data), entry + 8, isBig);
  });
  const at = push(out);
  return { bytes: Buffer.concat(parts), at };
}
