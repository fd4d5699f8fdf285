import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { readSegments } from '../../lib/formats/jpeg/container/segments.ts';
import { readPngChunks } from '../../lib/formats/png/chunks.ts';
import { tiffFacts } from './tiff-facts.ts';

/** Metadata and structure of a file as comparable values, by name. */
type FileFacts = ReadonlyMap<string, string>;

const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Reads the facts of a file, named as in docs/formats.md. */
export async function fileFacts(bytes: Uint8Array): Promise<FileFacts> {
  const { format, width, height, space, depth, hasAlpha, ...rest } = await sharp(bytes).metadata();
  const facts = new Map<string, string>([
    ['format', format],
    ['size', `${width} x ${height}`],
    ['depth and colour', `${space} ${depth} ${hasAlpha}`],
  ]);
  const add = (name: string, value: string | number | undefined) => {
    if (value !== undefined) facts.set(name, String(value));
  };
  const addBytes = (name: string, value: Uint8Array | undefined) => {
    if (value !== undefined) facts.set(name, hash(value));
  };
  addBytes('profile', rest.icc);
  addBytes('EXIF', rest.exif);
  addBytes('XMP', rest.xmp);
  add('source type', /digitalsourcetype\/(\w+)"/.exec(rest.xmp?.toString() ?? '')?.[1]);
  addBytes('IPTC', rest.iptc);
  add('orientation', rest.orientation ?? 1);
  add('density', rest.density);
  if (rest.isProgressive) add(format === 'png' ? 'interlace' : 'progressive', 'yes');
  if (format === 'jpeg') {
    add('sampling', rest.chromaSubsampling);
    for (const { marker, offset, end } of readSegments(bytes)) {
      const name = segmentNames[marker];
      if (name) facts.set(name, (facts.get(name) ?? '') + hash(bytes.subarray(offset, end)));
    }
  }
  if (format === 'png') addPngFacts(bytes, facts);
  if (format === 'tiff') for (const [name, value] of tiffFacts(bytes)) facts.set(name, value);
  if (format === 'webp') add('coding', Buffer.from(bytes).includes('VP8L') ? 'lossless' : 'lossy');
  return facts;
}

const segmentNames: Readonly<Record<number, string>> = {
  219: 'quantisation tables',
  221: 'restart interval',
  226: 'APP2',
  235: 'APP11',
  237: 'APP13',
  254: 'comments',
};

const namedPngChunks = new Set(['IDAT', 'IEND', 'iCCP', 'eXIf', 'pHYs', 'PLTE', 'tRNS']);

function addPngFacts(bytes: Uint8Array, facts: Map<string, string>): void {
  const { chunks } = readPngChunks(bytes);
  facts.set('kind of pixels', Buffer.from(chunks[0]!.data.subarray(8, 10)).toString('hex'));
  for (const { name, raw, data } of chunks.slice(1)) {
    const isXmp = Buffer.from(data.subarray(0, 17)).toString() === 'XML:com.adobe.xmp';
    if (!namedPngChunks.has(name) && !isXmp) facts.set(name, (facts.get(name) ?? '') + hash(raw));
  }
}
