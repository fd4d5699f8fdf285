import { EditError } from '../errors.ts';
import { storedBox, toDisplayed, toStored } from '../pixels/orientation.ts';
import type { Box, Raster } from '../pixels/raster.ts';
import { release } from '../pixels/release.ts';
import type { Checked, Format, PatchJob, WholeBlocks, Written } from './format.ts';
import { blockReachPx, shrinkMaskToBlocks } from './jpeg/block-mask.ts';
import { assertFrameSupported } from './jpeg/container/frame-header.ts';
import { dropStaleMetadata, markAsComposite, withMetadataOf } from './jpeg/container/metadata.ts';
import { marker } from './jpeg/container/segments.ts';
import { cutJpeg } from './jpeg/cut/cut.ts';
import { qualityOf } from './jpeg/quality.ts';
import { type JpegStructure, readJpegStructure } from './jpeg/scan/structure.ts';
import { type WalkedJpeg, walkJpeg } from './jpeg/scan/walk.ts';
import { type NotSpliced, type Spliced, spliceJpeg } from './jpeg/splice/splice.ts';
import { proveJpeg } from './jpeg-proof.ts';
import { otherFormat, unmarked } from './lossless.ts';
import type { Header } from './vips/header.ts';
import { asRgb, assertDecodes, type Cut, type Source } from './vips/read.ts';
import { type Encoder, writePatched } from './vips/write.ts';
import { keepWalked, walkedOf } from './walked-jpeg.ts';

export const jpeg: Format = {
  name: 'jpeg',
  mediaType: 'image/jpeg',
  extension: 'jpg',
  isSignature: (bytes) => bytes[0] === 0xff && bytes[1] === 0xd8,
  inspect: assertFrameSupported,
  check,
  cut,
  isLossyMask: () => true,
  refusal: ({ hasAlpha, depth }) => {
    if (hasAlpha) return 'Expected a picture without alpha for outputFormat jpeg, got one with';
    return depth === 16 ? 'Expected a picture of 8 bit for outputFormat jpeg, got 16 bit' : undefined;
  },
  reachPx: blockReachPx,
  patch,
  prove: proveJpeg,
  wholeBlocks,
};

/**
 * Walks all scans. Those of a kind that is not walked are decoded by libvips, and nothing odd is accepted.
 *
 * Headers that only libjpeg understands are such a kind.
 */
async function check(photo: Source): Promise<Checked> {
  const structure = structureOf(photo.bytes);
  const walked = structure && walkSupported(photo.bytes, structure);
  if (walked === undefined) {
    await assertDecodes(photo, 'warning');
    return { notes: [] };
  }
  keepWalked(photo, walked);
  return { notes: walkNotes(walked) };
}

function cut(photo: Source, box: Box): Cut | undefined {
  const walked = walkedOf(photo);
  return walked && cutJpeg(photo.bytes, walked, box);
}

function structureOf(bytes: Uint8Array): JpegStructure | undefined {
  try {
    return readJpegStructure(bytes);
  } catch (error) {
    if (!(error instanceof EditError)) throw error;
    return undefined;
  }
}

function walkSupported(bytes: Uint8Array, structure: JpegStructure): WalkedJpeg | undefined {
  try {
    return walkJpeg(bytes, structure);
  } catch (error) {
    if (error instanceof EditError && error.code === 'KIND_UNSUPPORTED') return undefined;
    throw error;
  }
}

/** Says what is odd in the file, as libjpeg does where it has a warning for it. */
function walkNotes({ extraneous, structure }: WalkedJpeg): string[] {
  const notes = extraneous.map(
    ({ bytes, before }) =>
      `Decoders warn of this JPEG: ${bytes} extraneous bytes before marker 0x${before.toString(16)}.`,
  );
  if (structure.segments.at(-1)?.marker === marker.eoi) return notes;
  return [...notes, 'Decoders warn of this JPEG: it ends without its end marker.'];
}

/** Edits the coefficients under the patches where that is possible; else encodes the whole picture again. */
async function patch(job: PatchJob): Promise<Written> {
  const { photo, patches, encoding } = job;
  const splice = encoding === undefined ? splicePatches(job) : { kind: 'unasked' as const };
  if (job.isStrict === true && splice.kind === 'unsupported') throw new EditError(splice.code, splice.reason);
  const isSpliced = splice.kind === 'spliced';
  const isOwn = (file: Uint8Array) => isSpliced && file !== photo.bytes;
  const { bytes, dropped, trailerBytes } = isSpliced
    ? dropStaleMetadata(splice.bytes, isOwn(splice.bytes))
    : withCurrentMetadata(
        photo,
        await writePatched(photo, patches, { encoder: encoderFor(photo, encoding?.quality) }),
      );
  if (isSpliced) releaseBut([photo.bytes, bytes], splice.bytes);
  const marked = job.isGenerated ? markAsComposite(bytes, isOwn(bytes)) : { bytes, isMarked: true };
  releaseBut([photo.bytes, marked.bytes], bytes);
  return {
    bytes: marked.bytes,
    isSpliced,
    ...(isSpliced ? {} : { reason: splice.kind === 'unsupported' ? splice.reason : 'asked for' }),
    dropped,
    notes: [
      ...(splice.kind === 'unsupported' ? reencodingNotes(photo, splice.reason) : []),
      ...(marked.isMarked ? [] : [unmarked]),
      ...(trailerBytes > 0
        ? [`${trailerBytes} bytes behind the end of the JPEG were kept as they are.`]
        : []),
    ],
  };
}

/** Frees a file, unless one of those that are kept lies in its memory. */
function releaseBut(kept: readonly Uint8Array[], file: Uint8Array): void {
  if (kept.every(({ buffer }) => buffer !== file.buffer)) release(file);
}

function splicePatches({ photo, patches }: PatchJob): Spliced | NotSpliced {
  const { bytes, header } = photo;
  const { orientation, stored, space } = header;
  const colours = (raster: Raster): Raster =>
    raster.channels === 1 || space === 'cmyk' ? raster : asRgb(raster);
  return spliceJpeg({
    source: bytes,
    walked: walkedOf(photo),
    patches: patches.map(({ box, original, edited }) => ({
      box: storedBox(box, orientation, stored),
      before: colours(toStored(original, orientation)),
      after: colours(toStored(edited, orientation)),
    })),
  });
}

/** The quality for a picture that was no JPEG: high enough that nobody sees the loss. */
const newQuality = 95;

/** A JPEG that must be encoded again keeps its quantisation tables if libjpeg writes such. */
function encoderFor({ header, bytes }: Source, asked: number | undefined): Encoder {
  const quality = asked ?? (header.format === 'jpeg' ? qualityOf(bytes)?.quality : undefined);
  return {
    format: 'jpeg',
    options: {
      quality: quality ?? newQuality,
      chromaSubsampling: samplingFor(header),
      progressive: header.isProgressive,
      // Optimised tables cost 2.6 x the time and 5 x the memory at 102 MP, for 1 % of the bytes.
      optimiseCoding: false,
    },
  };
}

/** sharp writes these two. */
const samplingFor = ({ chromaSubsampling }: Header) => (chromaSubsampling === '4:2:0' ? '4:2:0' : '4:4:4');

/** Tells what became of a JPEG that could not be edited in place. */
function reencodingNotes({ header, bytes }: Source, reason: string): string[] {
  const { chromaSubsampling: sampling = '4:4:4' } = header;
  const found = qualityOf(bytes);
  const tables = found?.isSame ? 'has the quantisation tables it had' : 'has finer quantisation tables';
  const written = samplingFor(header);
  const chroma = sampling.startsWith(written) ? '' : `, and chroma ${written} instead of ${sampling}`;
  return [`The whole JPEG was encoded again (${reason}). It ${tables}${chroma}.`];
}

const unreadHeaders = 'metadata but profile, EXIF and XMP, for the headers of the JPEG are damaged';

/** Gives a re-encoded JPEG the metadata of its source that are still true. */
function withCurrentMetadata({ bytes: source, header }: Source, written: Uint8Array) {
  if (header.format !== 'jpeg') return withDropped(dropStaleMetadata(written), otherFormat);
  try {
    const current = dropStaleMetadata(source);
    return { ...current, bytes: withMetadataOf(current.bytes, written) };
  } catch (error) {
    // libjpeg decodes files with damaged headers, which cannot be copied.
    if (!(error instanceof EditError)) throw error;
    return withDropped(dropStaleMetadata(written), unreadHeaders);
  }
}

const withDropped = ({ dropped, ...rest }: ReturnType<typeof dropStaleMetadata>, what: string) => ({
  ...rest,
  dropped: [...dropped, what],
});

/**
 * Limits masks to whole blocks of coefficients, with the pixels that decoders interpolate around them. Then
 * no decoded pixel outside the mask changes.
 *
 * @throws {EditError} `KIND_UNSUPPORTED` when the coefficients of this JPEG cannot be edited.
 */
function wholeBlocks(photo: Source): WholeBlocks {
  const { orientation, stored } = photo.header;
  const structure = readJpegStructure(photo.bytes);
  return (mask, box) => {
    const boxed = { box: storedBox(box, orientation, stored), mask: toStored(mask, orientation) };
    return toDisplayed(shrinkMaskToBlocks(structure, boxed).mask, orientation);
  };
}
