import { otherItems } from '../formats/avif.ts';
import type { Carried, CarryJob } from '../formats/carried.ts';
import { openTiff } from '../formats/metadata/directory.ts';
import { newPacket, packetText, packetWithoutStale, packetWithSourceType } from '../formats/metadata/xmp.ts';
import { carryPngChunks } from '../formats/png/carry.ts';
import { carryTiffTags } from '../formats/tiff/carry.ts';
import { withoutExifThumbnail } from '../formats/vips/exif.ts';
import type { Format, Header } from '../formats/vips/header.ts';
import type { Source } from '../formats/vips/read.ts';
import { release } from '../formats/vips/release.ts';
import { type Encoding, writePatched } from '../formats/vips/write.ts';
import { carryWebpChunks } from '../formats/webp/carry.ts';
import { type PlacedPatch, splicedPng } from './splice-png.ts';

export const unmarked =
  'The XMP packet of the picture could not be read: nothing marks what a model painted.';

/** What goes along from format to format is up to libvips. */
export const otherFormat = 'metadata but profile, EXIF and XMP, for another format was asked for';

interface LosslessOptions {
  readonly photo: Source;
  readonly patches: readonly PlacedPatch[];
  readonly isGenerated: boolean;
  readonly encoding: Encoding | undefined;
}

export interface Lossless extends Carried {
  /** Of a PNG was only the changed stretch encoded anew. */
  readonly isSpliced: boolean;
}

/** PNG, WebP or TIFF with every value outside the patches, and with what the source says of itself besides. */
export async function writeLossless(options: LosslessOptions): Promise<Lossless> {
  const { photo, patches, isGenerated, encoding } = options;
  const { format } = encoding ?? photo.header;
  const xmp = packetOf(photo.header, isGenerated);
  const carry = format === photo.header.format ? carrierOf(photo) : undefined;
  const spliced = encoding === undefined && format === 'png' ? await splicedPng(photo, patches) : undefined;
  const written =
    spliced ??
    (await writePatched(photo, patches, {
      encoding,
      metadata: carry === undefined ? { xmp: xmp.packet } : 'none',
    }));
  const carried =
    carry === undefined
      ? await asWritten(written, photo, format)
      : carry({ source: photo.bytes, written, xmp: xmp.packet });
  // Its pixels have been copied: one encoded picture is enough.
  if (carry !== undefined) release(written);
  return {
    bytes: carried.bytes,
    isSpliced: spliced !== undefined,
    dropped: [...carried.dropped, ...xmp.dropped],
    notes: [...carried.notes, ...xmp.notes],
  };
}

/** libvips carries some of the metadata over, and not always as they were: where the format stays it writes pixels alone. */
const carriers: Partial<Record<Format, (job: CarryJob) => Carried>> = {
  png: carryPngChunks,
  webp: carryWebpChunks,
  tiff: carryTiffTags,
};

function carrierOf({ bytes, header }: Source) {
  // The directories of a BigTIFF, of 64 bit, are libvips' alone.
  if (header.format === 'tiff' && openTiff(bytes) === undefined) return undefined;
  return carriers[header.format];
}

/** What libvips carries over by itself. */
async function asWritten(
  written: Buffer,
  { bytes: source, header }: Source,
  format: Format,
): Promise<Carried> {
  const bytes = await withoutExifThumbnail(written);
  const thumbnail = bytes === written ? [] : ['thumbnail'];
  if (format !== header.format) return { bytes, dropped: [otherFormat, ...thumbnail], notes: [] };
  if (format === 'avif') return { bytes, dropped: [...otherItems(source), ...thumbnail], notes: [anewAvif] };
  return { bytes, dropped: ['tags of a BigTIFF but profile, XMP and IPTC', ...thumbnail], notes: [] };
}

const anewAvif =
  'An AVIF was written anew without loss, upright and with its EXIF sorted: decoded values are the same, the file is larger.';

/** The packet to be written, `undefined` where it stays as it is. */
function packetOf({ xmp }: Header, isGenerated: boolean) {
  const text = xmp && packetText(xmp);
  if (xmp !== undefined && text === undefined) {
    return { packet: undefined, dropped: [], notes: isGenerated ? [unmarked] : [] };
  }
  const current = text === undefined ? undefined : packetWithoutStale(text);
  const dropped = current === text ? [] : ['stale xmp'];
  const kept = current === text ? undefined : current;
  if (!isGenerated) return { packet: kept, dropped, notes: [] };
  const marked = current === undefined ? newPacket() : packetWithSourceType(current);
  return { packet: marked ?? kept, dropped, notes: marked === undefined ? [unmarked] : [] };
}
