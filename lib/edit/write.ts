import { EditError } from '../errors.ts';
import type { TouchedComponent } from '../formats/jpeg/block-mask.ts';
import { withMetadataOf } from '../formats/jpeg/graft.ts';
import { dropStaleMetadata, markAsComposite } from '../formats/jpeg/metadata.ts';
import type { JpegStructure } from '../formats/jpeg/scan/structure.ts';
import { type NotSpliced, type Spliced, spliceJpeg } from '../formats/jpeg/splice/splice.ts';
import type { Source } from '../formats/vips/read.ts';
import { asRgb } from '../formats/vips/read.ts';
import { type Encoding, writePatched } from '../formats/vips/write.ts';
import { intersect } from '../pixels/box.ts';
import { storedBox, toStored } from '../pixels/orientation.ts';
import type { Raster } from '../pixels/raster.ts';
import type { PlacedPatch } from './splice-png.ts';
import { otherFormat, unmarked, writeLossless } from './write-lossless.ts';

/** An output, and by which way it was written: that decides what its proof may find. */
export type Written = {
  readonly bytes: Uint8Array;
  /** Metadata taken out because the edit makes it untrue. */
  readonly dropped: readonly string[];
  /** What became of the file that its pixels do not tell, in sentences. */
  readonly notes: readonly string[];
} & (
  | { readonly way: 'lossless' }
  /** A PNG of which nothing was compressed anew but the stretch that holds the change. */
  | { readonly way: 'spliced-png' }
  /** A JPEG of which nothing was encoded anew but the changed blocks. */
  | {
      readonly way: 'spliced';
      readonly structure: JpegStructure;
      readonly touched: readonly TouchedComponent[];
    }
  /** A JPEG that cannot be spliced loses a generation everywhere; the reason goes into the report. */
  | { readonly way: 're-encoded'; readonly reason: string }
);

interface WriteOptions {
  readonly photo: Source;
  readonly patches: readonly PlacedPatch[];
  /** A model painted it: the file says so, as IPTC asks. */
  readonly isGenerated: boolean;
  /** Another format or quality than the picture's own; `undefined` keeps both. */
  readonly encoding: Encoding | undefined;
  /** Refuse rather than re-encode a JPEG that cannot be spliced. */
  readonly isStrict?: boolean;
}

/**
 * The encoding a request asks for, `undefined` for the picture's own.
 *
 * @throws {EditError} `KIND_UNSUPPORTED` when the format cannot hold the picture.
 */
export function encodingOf(
  { header }: Source,
  asked: {
    readonly outputFormat: 'same' | 'jpeg' | 'png' | 'webp';
    readonly outputQuality?: number | undefined;
  },
): Encoding | undefined {
  const { outputFormat, outputQuality: quality } = asked;
  if (outputFormat === 'same' && quality === undefined) return undefined;
  const format = outputFormat === 'same' ? header.format : outputFormat;
  if (format === 'jpeg' && header.hasAlpha) {
    throw new EditError(
      'KIND_UNSUPPORTED',
      'Expected a picture without alpha for outputFormat jpeg, got one with',
    );
  }
  if ((format === 'png' || format === 'webp') && header.space === 'cmyk') {
    throw new EditError(
      'KIND_UNSUPPORTED',
      `Expected an RGB or grey picture for outputFormat ${format}, got CMYK`,
    );
  }
  if ((format === 'jpeg' || format === 'webp') && header.depth === 16) {
    throw new EditError(
      'KIND_UNSUPPORTED',
      `Expected a picture of 8 bit for outputFormat ${format}, got 16 bit`,
    );
  }
  return { format, ...(quality === undefined ? {} : { quality }) };
}

/**
 * The picture with its patches: a JPEG keeps every coefficient outside the touched blocks where that can be done. Of the
 * metadata goes what the edit made untrue, above all the thumbnail that still shows what is gone.
 *
 * @throws {EditError} why a JPEG cannot be spliced, when `isStrict`.
 */
export async function writeOutput({
  photo,
  patches,
  isGenerated,
  encoding,
  isStrict = false,
}: WriteOptions): Promise<Written> {
  assertDisjoint(patches);
  const format = encoding?.format ?? photo.header.format;
  if (format !== 'jpeg') {
    const { isSpliced, ...written } = await writeLossless({ photo, patches, isGenerated, encoding });
    return { way: isSpliced ? 'spliced-png' : 'lossless', ...written };
  }
  const splice =
    encoding === undefined ? spliceOf(photo, patches) : { kind: 'unasked' as const, reason: 'asked for' };
  if (isStrict && splice.kind === 'unsupported') throw new EditError(splice.code, splice.reason);
  const written =
    splice.kind === 'spliced'
      ? ({ way: 'spliced', ...splice } as const)
      : ({
          way: 're-encoded',
          bytes: await writePatched(photo, patches, { encoding }),
          reason: splice.reason,
        } as const);
  const { bytes, dropped, trailerBytes } = currentMetadata(photo, written);
  const marked = isGenerated ? markAsComposite(bytes) : { bytes, isMarked: true };
  return {
    ...written,
    bytes: marked.bytes,
    dropped,
    notes: [
      ...(marked.isMarked ? [] : [unmarked]),
      ...(trailerBytes > 0
        ? [`${trailerBytes} bytes behind the end of the JPEG were kept as they are.`]
        : []),
    ],
  };
}

/** What is written is a sum of patches: where two overlapped it would be neither of them. */
function assertDisjoint(patches: readonly PlacedPatch[]): void {
  for (const [i, { box }] of patches.entries()) {
    if (patches.slice(i + 1).every((other) => intersect(box, other.box) === undefined)) continue;
    throw new EditError('SHAPE_MISMATCH', 'Expected patches that share no pixel, got two that overlap');
  }
}

interface Encoded {
  readonly way: 'spliced' | 're-encoded';
  readonly bytes: Uint8Array;
}

/** The JPEG with the metadata of its source, as far as they are still true. */
function currentMetadata({ bytes: source, header }: Source, { way, bytes }: Encoded) {
  if (way === 'spliced') return dropStaleMetadata(bytes);
  if (header.format !== 'jpeg') return withDropped(dropStaleMetadata(bytes), otherFormat);
  try {
    const current = dropStaleMetadata(source);
    return { ...current, bytes: withMetadataOf(current.bytes, bytes) };
  } catch (error) {
    // libjpeg forgives faults of headers that are not carried on.
    if (!(error instanceof EditError)) throw error;
    return withDropped(dropStaleMetadata(bytes), unreadHeaders);
  }
}

const unreadHeaders = 'metadata but profile, EXIF and XMP, for the headers of the JPEG are damaged';

const withDropped = ({ dropped, ...rest }: ReturnType<typeof dropStaleMetadata>, what: string) => ({
  ...rest,
  dropped: [...dropped, what],
});

function spliceOf({ bytes, header }: Source, patches: readonly PlacedPatch[]): Spliced | NotSpliced {
  const { orientation, stored } = header;
  const colours = (raster: Raster): Raster =>
    raster.channels === 1 || header.space === 'cmyk' ? raster : asRgb(raster);
  return spliceJpeg({
    source: bytes,
    patches: patches.map(({ box, original, edited }) => ({
      box: storedBox(box, orientation, stored),
      before: colours(toStored(original, orientation)),
      after: colours(toStored(edited, orientation)),
    })),
  });
}
