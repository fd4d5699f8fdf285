/** Tags for the layout of samples, which each writer chooses. All others are facts of the picture. */
const layout: ReadonlySet<number> = new Set([
  256, 257, 258, 262, 266, 273, 274, 277, 278, 279, 284, 317, 320, 322, 323, 324, 325, 339, 347, 530, 532,
]);
/** Tags that libvips has read already. */
const readByVips: ReadonlySet<number> = new Set([282, 283, 296, 700, 34675, 33723]);

const names: Readonly<Record<number, string>> = {
  259: 'compression',
  270: 'description',
  271: 'maker',
  306: 'date',
  315: 'artist',
  330: 'SubIFDs',
  338: 'meaning of alpha',
  33432: 'copyright',
  33550: 'GeoTIFF scale',
  34377: 'Photoshop resources',
  34665: 'EXIF',
  34853: 'GPS',
  37724: 'Photoshop layers',
  52545: 'C2PA',
};
const pointers: ReadonlySet<number> = new Set([34665, 34853, 40965]);
const unitBytes: readonly number[] = [0, 1, 1, 2, 4, 4, 1, 1, 2, 4, 4, 4, 8];

/** Values of the first directory and its sub-directories by name, in one byte order. */
export function tiffFacts(bytes: Uint8Array): Map<string, string> {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const isBig = file[0] === 0x4d;
  const u16 = (at: number) => (isBig ? file.readUInt16BE(at) : file.readUInt16LE(at));
  const u32 = (at: number) => (isBig ? file.readUInt32BE(at) : file.readUInt32LE(at));

  function valuesAt(entry: number): string {
    const type = u16(entry + 2);
    const unit = unitBytes[type]!;
    const count = u32(entry + 4) * (type === 5 || type === 10 ? 2 : 1);
    const at = unit * count <= 4 ? entry + 8 : u32(entry + 8);
    const units = Array.from({ length: count }, (_, i) => file.subarray(at + unit * i, at + unit * (i + 1)));
    return units.map((value) => (isBig ? value : Buffer.from(value).reverse()).toString('hex')).join(' ');
  }

  function tags(directory: number): [number, string][] {
    return Array.from({ length: u16(directory) }, (_, i) => {
      const entry = directory + 2 + 12 * i;
      const tag = u16(entry);
      return [tag, pointers.has(tag) ? JSON.stringify(tags(u32(entry + 8))) : valuesAt(entry)];
    });
  }

  // A BigTIFF is not read.
  if (u16(2) !== 42) return new Map();
  return new Map(
    tags(u32(4))
      .filter(([tag]) => !layout.has(tag) && !readByVips.has(tag))
      .map(([tag, value]) => [names[tag] ?? `tag ${tag}`, value]),
  );
}
