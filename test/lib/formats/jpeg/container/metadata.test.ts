import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  dropStaleMetadata,
  markAsComposite,
  withMetadataOf,
} from '../../../../../lib/formats/jpeg/container/metadata.ts';
import { readSegments } from '../../../../../lib/formats/jpeg/container/segments.ts';
import { compositeWithTrainedModel } from '../../../../../lib/formats/metadata/xmp.ts';
import { jpegFixture } from '../../../../support/jpeg-fixtures.ts';
import { encodeJpeg, picture } from '../../../../support/jpeg-pictures.ts';
import { segment, withSegments } from '../../../../support/jpeg-segments.ts';
import { withBytesInHeader } from '../../../../support/odd-jpegs.ts';

const latin = (text: string) => Buffer.from(text, 'latin1');
const secret = Buffer.from('THE REMOVED OBJECT IN SMALL');

const ifd = (little: boolean, entries: [number, number, number, number][], next: number): Buffer => {
  const bytes = Buffer.alloc(2 + 12 * entries.length + 4);
  const u16 = (value: number, at: number) =>
    little ? bytes.writeUInt16LE(value, at) : bytes.writeUInt16BE(value, at);
  const u32 = (value: number, at: number) =>
    little ? bytes.writeUInt32LE(value, at) : bytes.writeUInt32BE(value, at);
  u16(entries.length, 0);
  entries.forEach(([tag, type, count, value], i) => {
    u16(tag, 2 + 12 * i);
    u16(type, 4 + 12 * i);
    u32(count, 6 + 12 * i);
    if (type === 3) u16(value, 10 + 12 * i);
    else u32(value, 10 + 12 * i);
  });
  u32(next, 2 + 12 * entries.length);
  return bytes;
};

const tiffHead = (little: boolean) => (little ? latin('II*\0\x08\0\0\0') : latin('MM\0*\0\0\0\x08'));

/** Orientation 6 and a maker note in the first directory, a thumbnail in the second. */
function exif(little: boolean): Buffer {
  const note = latin('maker note, opaque');
  const first = 8 + 2 + 24 + 4;
  const second = first + note.length;
  const picture = second + 2 + 24 + 4;
  return segment(
    0xe1,
    'Exif\0\0',
    tiffHead(little),
    ifd(
      little,
      [
        [0x0112, 3, 1, 6],
        [0x927c, 7, note.length, first],
      ],
      second,
    ),
    note,
    ifd(
      little,
      [
        [0x0201, 4, 1, picture],
        [0x0202, 4, 1, secret.length],
      ],
      0,
    ),
    secret,
    latin('after'),
  );
}

const xmp = (attributes: string, body = '', padding = 2000) =>
  segment(
    0xe1,
    'http://ns.adobe.com/xap/1.0/\0',
    Buffer.from(
      `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">` +
        `<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" ${attributes}>${body}</rdf:Description></rdf:RDF></x:xmpmeta>${' '.repeat(padding)}<?xpacket end="w"?>`,
    ),
  );

let plain: Uint8Array;
beforeAll(async () => {
  plain = await encodeJpeg(picture(40, 30, 3), { quality: 80 });
});

const fileWith = (...segments: Uint8Array[]): Uint8Array => withSegments(plain, segments);

describe('dropping stale metadata', () => {
  it('returns a file without stale metadata as it is', () => {
    expect(dropStaleMetadata(plain)).toEqual({ bytes: plain, dropped: [], trailerBytes: 0 });
  });

  it.each([true, false])(
    'wipes the EXIF thumbnail in place and keeps every other byte (little endian: %s)',
    async (little) => {
      const source = fileWith(exif(little));
      const { bytes, dropped } = dropStaleMetadata(source);
      expect(dropped).toEqual(['thumbnail']);
      expect(bytes.length).toBe(source.length);
      expect(Buffer.from(bytes).includes(secret)).toBe(false);
      const at = Buffer.from(source).indexOf(secret);
      expect(at).toBeGreaterThan(0);
      const changed = [...bytes].flatMap((byte, i) => (byte === source[i] ? [] : [i]));
      expect(Math.max(...changed)).toBeLessThan(at + secret.length);
      expect(Buffer.from(bytes).includes(latin('maker note, opaque'))).toBe(true);
      expect((await sharp(bytes).metadata()).orientation).toBe(6);
      // Again: nothing is left to drop.
      expect(dropStaleMetadata(bytes).dropped).toEqual([]);
    },
  );

  it('keeps an EXIF readable whose thumbnail overlaps the main directory', async () => {
    const directory = ifd(true, [[0x0112, 3, 1, 6]], 8 + 18);
    const source = fileWith(
      segment(
        0xe1,
        'Exif\0\0',
        tiffHead(true),
        directory,
        ifd(
          true,
          [
            [0x0201, 4, 1, 0],
            [0x0202, 4, 1, 9999],
          ],
          0,
        ),
      ),
    );
    const { bytes } = dropStaleMetadata(source);
    expect((await sharp(bytes).metadata()).orientation).toBe(6);
  });

  it('cuts JFIF, JFXX and Photoshop thumbnails', () => {
    const resource = (id: number, data: Uint8Array) =>
      Buffer.concat([
        latin('8BIM'),
        Buffer.from([id >> 8, id & 255, 0, 0, 0, 0, 0, data.length]),
        data,
        Buffer.alloc(data.length & 1),
      ]);
    const source = fileWith(
      segment(0xe0, 'JFIF\0', Buffer.from([1, 2, 0, 0, 1, 0, 1, 3, 3]), secret.subarray(0, 27)),
      segment(0xe0, 'JFXX\0', Buffer.from([0x10]), secret),
      segment(
        0xed,
        'Photoshop 3.0\0',
        resource(1028, latin('captions')),
        resource(1036, secret),
        resource(1005, latin('odd')),
      ),
    );
    const { bytes, dropped } = dropStaleMetadata(source);
    expect(dropped).toEqual(['thumbnail']);
    expect(Buffer.from(bytes).includes(secret)).toBe(false);
    expect(bytes).toEqual(
      new Uint8Array(
        fileWith(
          segment(0xe0, 'JFIF\0', Buffer.from([1, 2, 0, 0, 1, 0, 1, 0, 0])),
          segment(0xed, 'Photoshop 3.0\0', resource(1028, latin('captions')), resource(1005, latin('odd'))),
        ),
      ),
    );
  });

  describe('bytes after the end', () => {
    const cases = {
      'the film of a motion photo': '\0\0\0\x18ftypmp42',
      'a JPEG that no index names': 'SEF\xff\xd8\xff\xe0',
      'a PNG': '\x89PNG',
    };
    it.each(Object.entries(cases))('%s is removed', (_, words) => {
      const trailer = latin(words);
      const { bytes, dropped, trailerBytes } = dropStaleMetadata(Buffer.concat([plain, trailer]));
      expect({ dropped, trailerBytes }).toEqual({
        dropped: ['film or pictures behind the end'],
        trailerBytes: 0,
      });
      expect(Buffer.from(bytes)).toEqual(Buffer.from(plain));
    });

    it('other bytes stay and are counted', () => {
      const source = Buffer.concat([plain, latin('SEFT of a camera')]);
      expect(dropStaleMetadata(source)).toEqual({ bytes: source, dropped: [], trailerBytes: 16 });
    });
  });

  describe('extended XMP', () => {
    const part = (data: string) =>
      segment(0xe1, 'http://ns.adobe.com/xmp/extension/\0', '0'.repeat(32), '\0'.repeat(8), data);
    const note = 'xmpNote:HasExtendedXMP="0" dc:format="image/jpeg"';

    it('with the original picture is removed, even when a segment ends within the property name', () => {
      const { bytes, dropped } = dropStaleMetadata(
        fileWith(xmp(note), part('<x GIma'), part('ge:Data="..."/>')),
      );
      expect(dropped.toSorted()).toEqual(['pictures in extended xmp', 'stale xmp']);
      const text = Buffer.from(bytes).toString('latin1');
      expect(text).not.toMatch(/GIma|ge:Data|HasExtendedXMP/);
      expect(text).toContain('dc:format="image/jpeg"');
    });

    it('with text stays', () => {
      const source = fileWith(xmp(note), part('<x photoshop:History="long"/>'));
      expect(dropStaleMetadata(source)).toMatchObject({ bytes: source, dropped: [] });
    });
  });

  it('drops the multi-picture index, its pictures, gain maps and C2PA, and keeps the rest of the trailer', () => {
    const c2pa = segment(0xeb, 'JP', Buffer.from([0, 1, 0, 0, 0, 1, 0, 0, 0, 32]), 'jumbc2pa manifest');
    const iso = segment(0xe2, 'urn:iso:std:iso:ts:21496:-1\0', Buffer.from([0, 0, 0, 0]));
    const icc = segment(0xe2, 'ICC_PROFILE\0', Buffer.from([1, 1, 0]));
    const gain = xmp(
      'hdrgm:Version="1.0" dc:format="image/jpeg"',
      '<Container:Directory><rdf:Seq/></Container:Directory>',
    );
    const mpf = (offset: number) => {
      const entries = Buffer.alloc(32);
      entries.writeUInt32LE(secret.length, 20);
      entries.writeUInt32LE(offset, 24);
      return segment(0xe2, 'MPF\0', tiffHead(true), ifd(true, [[0xb002, 7, 32, 26]], 0), entries);
    };
    const before = Buffer.concat([plain.subarray(0, 2), mpf(0)]);
    const rest = Buffer.concat([iso, c2pa, icc, gain, plain.subarray(2)]);
    // Offsets count from the TIFF header behind "MPF\\0": 10 bytes into the file.
    const source = Buffer.concat([
      plain.subarray(0, 2),
      mpf(before.length + rest.length + 3 - 10),
      rest,
      latin('abc'),
      secret,
      latin('film'),
    ]);
    const { bytes, dropped, trailerBytes } = dropStaleMetadata(source);
    expect(dropped.toSorted()).toEqual([
      'c2pa',
      'companion pictures',
      'gain map',
      'multi-picture index',
      'stale xmp',
    ]);
    expect(trailerBytes).toBe(7);
    const expected = Buffer.concat([
      plain.subarray(0, 2),
      icc,
      xmp('dc:format="image/jpeg"'),
      plain.subarray(2),
      latin('abcfilm'),
    ]);
    expect(Buffer.from(bytes).toString('latin1').replace('""  dc', '"" dc')).toBe(
      expected.toString('latin1'),
    );
    // The trailer was put together anew: it does not lie behind the image.
    const { own } = withRoom(source, 4096);
    expect(Buffer.from(dropStaleMetadata(own, true).bytes).equals(bytes)).toBe(true);
  });
});

/** A file behind free bytes, in memory of its own. */
function withRoom(file: Uint8Array, room: number) {
  const memory = new Uint8Array(room + file.length);
  memory.set(file, room);
  return { memory, own: memory.subarray(room) };
}

describe('a file whose memory is free', () => {
  it('is marked in place, and another one stays as it is', () => {
    const { memory, own } = withRoom(plain, 4096);
    const apart = markAsComposite(own).bytes;
    expect(Buffer.from(own).equals(plain)).toBe(true);
    const { bytes } = markAsComposite(own, true);
    expect(bytes.buffer).toBe(memory.buffer);
    expect(Buffer.from(bytes).equals(apart)).toBe(true);
  });

  it('is written elsewhere where the longer header has no room', () => {
    const { memory, own } = withRoom(plain, 8);
    const { bytes } = markAsComposite(own, true);
    expect(bytes.buffer).not.toBe(memory.buffer);
    expect(Buffer.from(bytes).equals(markAsComposite(plain).bytes)).toBe(true);
  });
});

describe('a gain map behind the end', () => {
  const named = {
    'Ultra HDR': 'http://ns.adobe.com/xap/1.0/\0<x hdrgm:Version="1.0"/>',
    'ISO 21496-1': 'urn:iso:std:iso:ts:21496:-1\0',
    Apple: '<a>urn:com:apple:photo:2020:aux:hdrgainmap</a>',
  };

  it.each(Object.entries(named))('of %s is called so', (_, text) => {
    const gainMap = fileWith(segment(0xe1, text));
    const { bytes, dropped } = dropStaleMetadata(Buffer.concat([plain, gainMap]));
    expect(dropped).toEqual(['film or pictures behind the end', 'gain map']);
    expect(Buffer.from(bytes).equals(plain)).toBe(true);
  });
});

describe('marking as composite', () => {
  it('keeps bytes between segments that decoders pass over', () => {
    const marked = Buffer.from(markAsComposite(withBytesInHeader(plain)).bytes);
    const quantisation = Buffer.from([0xff, 0xdb]);
    expect(marked.includes(Buffer.concat([Buffer.from('extraneous'), quantisation]))).toBe(true);
  });

  const sourceTypes = (bytes: Uint8Array) =>
    Buffer.from(bytes).toString('utf8').split(compositeWithTrainedModel).length - 1;

  it('adds a packet after JFIF and EXIF where there is none', async () => {
    const source = fileWith(segment(0xe0, 'JFIF\0', Buffer.from([1, 2, 0, 0, 1, 0, 1, 0, 0])), exif(true));
    const { bytes, isMarked } = markAsComposite(source);
    expect(isMarked).toBe(true);
    expect(
      readSegments(bytes)
        .map(({ marker }) => marker)
        .slice(0, 4),
    ).toEqual([0xd8, 0xe0, 0xe1, 0xe1]);
    const { xmp: packet } = await sharp(bytes).metadata();
    expect(packet?.toString()).toContain(`Iptc4xmpExt:DigitalSourceType="${compositeWithTrainedModel}"`);
    // All that was there is there.
    expect(
      Buffer.from(bytes).includes(Buffer.from(source.subarray(2 + 18)).subarray(0, exif(true).length)),
    ).toBe(true);
  });

  it('uses the padding of a packet, so that the file keeps its length', () => {
    const source = fileWith(xmp('dc:format="a > b"'));
    const { bytes } = markAsComposite(source);
    expect(bytes.length).toBe(source.length);
    expect(sourceTypes(bytes)).toBe(1);
    expect(Buffer.from(bytes).includes('dc:format="a > b"')).toBe(true);
  });

  it.each([
    [
      'attribute',
      xmp(
        'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" Iptc4xmpExt:DigitalSourceType="old"',
      ),
    ],
    ['element', xmp('', '<Iptc4xmpExt:DigitalSourceType>old</Iptc4xmpExt:DigitalSourceType>')],
  ])('replaces the value of an %s', (_, packet) => {
    const { bytes } = markAsComposite(fileWith(packet));
    expect(sourceTypes(bytes)).toBe(1);
    expect(Buffer.from(bytes).includes('old')).toBe(false);
    expect(sourceTypes(markAsComposite(bytes).bytes)).toBe(1);
  });

  it('returns the file unmarked when the packet has no room or no description', () => {
    for (const packet of [
      xmp(`dc:format="${'x'.repeat(65150)}"`, '', 0),
      segment(0xe1, 'http://ns.adobe.com/xap/1.0/\0', 'no rdf'),
    ]) {
      const source = fileWith(packet);
      expect(markAsComposite(source)).toEqual({ bytes: source, isMarked: false });
    }
  });
});

describe('metadata of a re-encoded file', () => {
  const pixels = (file: Uint8Array) => sharp(file).raw().toBuffer();

  it('come from the source in their order, tables and scans from the written file', async () => {
    const own = Buffer.concat([segment(0xfe, 'mine!'), segment(0xec, 'cam1')]);
    const written = await encodeJpeg(picture(40, 30, 3), { quality: 40, chromaSubsampling: '4:4:4' });
    const bytes = Buffer.from(
      withMetadataOf(
        withSegments(plain, [own], 'of a camera'),
        withSegments(written, [segment(0xfe, 'new')]),
      ),
    );
    expect(bytes.subarray(2, 2 + own.length)).toEqual(own);
    expect(bytes.includes('new')).toBe(false);
    expect(bytes.subarray(-11).toString()).toBe('of a camera');
    expect(await pixels(bytes)).toEqual(await pixels(written));
  });

  it('do not include the segment that says how samples are coded', async () => {
    // Adobe's segment says RGB; the written file is YCbCr.
    const source = jpegFixture('rgb');
    const written = await sharp(source).jpeg({ quality: 40 }).toBuffer();
    const bytes = withMetadataOf(source, written);
    expect(readSegments(bytes).filter(({ marker }) => marker === 0xee)).toHaveLength(0);
    expect(await pixels(bytes)).toEqual(await pixels(written));
  });
});
