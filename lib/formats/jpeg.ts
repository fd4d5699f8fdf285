import { EditError } from '../errors.ts';
import { storedBox, toDisplayed, toStored } from '../pixels/orientation.ts';
import type { Raster } from '../pixels/raster.ts';
import type { Format, PatchJob, PlacedPatch, WholeBlocks, Written } from './format.ts';
import { blockReachPx, shrinkMaskToBlocks } from './jpeg/block-mask.ts';
import { assertFrameSupported } from './jpeg/container/frame-header.ts';
import { dropStaleMetadata, markAsComposite, withMetadataOf } from './jpeg/container/metadata.ts';
import { readJpegStructure } from './jpeg/scan/structure.ts';
import { type NotSpliced, type Spliced, spliceJpeg } from './jpeg/splice/splice.ts';
import { proveJpeg } from './jpeg-proof.ts';
import { otherFormat, unmarked } from './lossless.ts';
import type { Header } from './vips/header.ts';
import { asRgb, type Source } from './vips/read.ts';
import { type Encoder, writePatched } from './vips/write.ts';

export const jpeg: Format = {
  name: 'jpeg',
  mediaType: 'image/jpeg',
  extension: 'jpg',
  isSignature: (bytes) => bytes[0] === 0xff && bytes[1] === 0xd8,
  inspect: assertFrameSupported,
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

/** Edits the coefficients under the patches where that is possible; else encodes the whole picture again. */
async function patch(job: PatchJob): Promise<Written> {
  const { photo, patches, encoding } = job;
  const splice = encoding === undefined ? splicePatches(photo, patches) : { kind: 'unasked' as const };
  if (job.isStrict === true && splice.kind === 'unsupported') throw new EditError(splice.code, splice.reason);
  const isSpliced = splice.kind === 'spliced';
  const { bytes, dropped, trailerBytes } = isSpliced
    ? dropStaleMetadata(splice.bytes)
    : withCurrentMetadata(
        photo,
        await writePatched(photo, patches, { encoder: encoderFor(photo.header, encoding?.quality) }),
      );
  const marked = job.isGenerated ? markAsComposite(bytes) : { bytes, isMarked: true };
  return {
    bytes: marked.bytes,
    isSpliced,
    ...(isSpliced ? {} : { reason: splice.kind === 'unsupported' ? splice.reason : 'asked for' }),
    dropped,
    notes: [
      ...(marked.isMarked ? [] : [unmarked]),
      ...(trailerBytes > 0
        ? [`${trailerBytes} bytes behind the end of the JPEG were kept as they are.`]
        : []),
    ],
  };
}

function splicePatches({ bytes, header }: Source, patches: readonly PlacedPatch[]): Spliced | NotSpliced {
  const { orientation, stored, space } = header;
  const colours = (raster: Raster): Raster =>
    raster.channels === 1 || space === 'cmyk' ? raster : asRgb(raster);
  return spliceJpeg({
    source: bytes,
    patches: patches.map(({ box, original, edited }) => ({
      box: storedBox(box, orientation, stored),
      before: colours(toStored(original, orientation)),
      after: colours(toStored(edited, orientation)),
    })),
  });
}

/** High enough that nobody sees the second generation. The report says that the pixels were re-encoded. */
const reencodedQuality = 95;

const encoderFor = (header: Header, quality = reencodedQuality): Encoder => ({
  format: 'jpeg',
  options: {
    quality,
    chromaSubsampling: header.chromaSubsampling === '4:2:0' ? '4:2:0' : '4:4:4',
    progressive: header.isProgressive,
    // Optimised tables cost 2.6 x the time and 5 x the memory at 102 MP, for 1 % of the bytes.
    optimiseCoding: false,
  },
});

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
function wholeBlocks({ bytes, header }: Source): WholeBlocks {
  const { orientation, stored } = header;
  const structure = readJpegStructure(bytes);
  return (mask, box) => {
    const boxed = { box: storedBox(box, orientation, stored), mask: toStored(mask, orientation) };
    return toDisplayed(shrinkMaskToBlocks(structure, boxed).mask, orientation);
  };
}
