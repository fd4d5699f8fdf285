import { release } from '../pixels/release.ts';
import type { Carried, CarryJob } from './container.ts';
import type { PatchJob, PlacedPatch, Written } from './format.ts';
import { newPacket, packetText, packetWithoutStale, packetWithSourceType } from './metadata/xmp.ts';
import type { Header } from './vips/header.ts';
import type { Source } from './vips/read.ts';
import { type Encoder, withoutExifThumbnail, writePatched } from './vips/write.ts';

/** Reported when the picture's XMP packet cannot hold the mark. */
export const unmarked =
  'The XMP packet of the picture could not be read: nothing marks what a model painted.';

/** Reported when libvips copies the metadata from one format to another. */
export const otherFormat = 'metadata but profile, EXIF and XMP, for another format was asked for';

/** How metadata reach an output of the same format: by our own code, or as libvips copies them. */
export type MetadataRoute =
  | { readonly carry: (job: CarryJob) => Carried }
  | { readonly copied: Pick<Carried, 'dropped' | 'notes'> };

/** How a lossless format is written. */
export interface LosslessWriter {
  readonly name: string;
  readonly encoder: (photo: Source) => Encoder;
  readonly metadataRoute: (source: Uint8Array) => MetadataRoute;
  /** Encodes only the changed part of the file, without metadata; `undefined` when that is not possible. */
  readonly splice?: (photo: Source, patches: readonly PlacedPatch[]) => Promise<Buffer | undefined>;
}

/** Writes a lossless file. Values outside the patches stay, and so do the metadata that are still true. */
export async function patchLossless(writer: LosslessWriter, job: PatchJob): Promise<Written> {
  const { photo, patches, encoding } = job;
  const isSameFormat = photo.header.format === writer.name;
  const xmp = packetOf(photo.header, job.isGenerated);
  const spliced = isSameFormat && encoding === undefined ? await writer.splice?.(photo, patches) : undefined;
  const route = isSameFormat ? writer.metadataRoute(photo.bytes) : fromAnotherFormat;
  const metadata = 'carry' in route ? 'none' : { xmp: xmp.packet };
  const written =
    spliced ?? (await writePatched(photo, patches, { encoder: writer.encoder(photo), metadata }));
  const carried = await withMetadata(written, photo.bytes, { route, packet: xmp.packet });
  return {
    bytes: carried.bytes,
    isSpliced: spliced !== undefined,
    dropped: [...carried.dropped, ...xmp.dropped],
    notes: [...carried.notes, ...xmp.notes],
  };
}

const fromAnotherFormat: MetadataRoute = { copied: { dropped: [otherFormat], notes: [] } };

async function withMetadata(
  written: Buffer,
  source: Uint8Array,
  { route, packet }: { readonly route: MetadataRoute; readonly packet: string | undefined },
): Promise<Carried> {
  if ('carry' in route) {
    const carried = route.carry({ source, written, xmp: packet });
    // The pixels have been copied: one encoded picture in memory is enough.
    release(written);
    return carried;
  }
  const bytes = await withoutExifThumbnail(written);
  const { dropped, notes } = route.copied;
  return { bytes, dropped: bytes === written ? dropped : [...dropped, 'thumbnail'], notes };
}

/** The XMP packet to write; `undefined` keeps the packet of the picture. */
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
