import type { Source } from '../image/codec/read.ts';
import { asRgb } from '../image/codec/read.ts';
import { type Patch, writePatched } from '../image/codec/write.ts';
import type { TouchedComponent } from '../image/jpeg/edits.ts';
import { spliceJpeg } from '../image/jpeg/splice.ts';
import type { JpegStructure } from '../image/jpeg/structure.ts';
import { storedBox, toStored } from '../image/orientation.ts';
import type { Raster } from '../image/raster.ts';

/** An output, and by which way it was written: that decides what its proof may find. */
export type Written =
  /** Encoded anew in a lossless format, or nothing but the changed blocks of a JPEG. */
  | { readonly way: 'lossless'; readonly bytes: Uint8Array }
  | {
      readonly way: 'spliced';
      readonly bytes: Uint8Array;
      readonly structure: JpegStructure;
      readonly touched: readonly TouchedComponent[];
    }
  /** A JPEG that cannot be spliced loses a generation everywhere; the reason goes into the report. */
  | { readonly way: 're-encoded'; readonly bytes: Uint8Array; readonly reason: string };

/** The picture with its patches: a JPEG keeps every coefficient outside the touched blocks where that can be done. */
export async function writeOutput(photo: Source, patches: readonly Patch[]): Promise<Written> {
  if (photo.header.format !== 'jpeg') return { way: 'lossless', bytes: await writePatched(photo, patches) };
  const { orientation, stored } = photo.header;
  const colours = (raster: Raster): Raster => (raster.channels === 1 ? raster : asRgb(raster));
  const spliced = spliceJpeg({
    source: photo.bytes,
    patches: patches.map(({ box, original, edited }) => ({
      box: storedBox(box, orientation, stored),
      before: colours(toStored(original, orientation)),
      after: colours(toStored(edited, orientation)),
    })),
  });
  if (spliced.kind === 'spliced') {
    const { bytes, structure, touched } = spliced;
    return { way: 'spliced', bytes, structure, touched };
  }
  return { way: 're-encoded', bytes: await writePatched(photo, patches), reason: spliced.reason };
}
