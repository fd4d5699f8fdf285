import { beforeAll, describe, expect, test } from 'vitest';
import { readPhoto } from '../../../lib/edit/read.ts';
import { EditError } from '../../../lib/errors.ts';
import type { Carried, CarryJob } from '../../../lib/formats/container.ts';
import { inspectContainer } from '../../../lib/formats/formats.ts';
import { carryPngChunks } from '../../../lib/formats/png/metadata.ts';
import { carryTiffTags } from '../../../lib/formats/tiff/metadata.ts';
import { sharp } from '../../../lib/formats/vips/loaders.ts';
import { carryWebpChunks } from '../../../lib/formats/webp/metadata.ts';
import { damaged } from '../../support/damage.ts';
import { jpegKinds } from '../../support/format-kinds/jpeg.ts';
import { pngKinds } from '../../support/format-kinds/png.ts';
import { tiffKinds } from '../../support/format-kinds/tiff.ts';
import { webpKinds } from '../../support/format-kinds/webp.ts';
import { invertBox, limits } from '../../support/patched-photo.ts';

/** A result, or the code of an `EditError`; anything else that is thrown is a fault. */
function codeOf<T>(run: () => T): T | string {
  try {
    return run();
  } catch (error) {
    if (error instanceof EditError) return error.code;
    throw error;
  }
}

const inputCodes = /^(FORMAT_UNSUPPORTED|KIND_UNSUPPORTED|IMAGE_\w+)$/;

interface Subject {
  readonly files: readonly (() => Promise<Uint8Array>)[];
  readonly carry?: (job: CarryJob) => Carried;
  readonly written?: (picture: Uint8Array) => Promise<Uint8Array>;
}

const subjects: Record<string, Subject> = {
  png: {
    files: [pngKinds['ancillary chunks of every kind']!, pngKinds['chunks that an edit makes untrue']!],
    carry: carryPngChunks,
    written: (picture) => sharp(picture).png().toBuffer(),
  },
  webp: {
    files: [webpKinds['chunks that an edit makes untrue']!],
    carry: carryWebpChunks,
    written: (picture) => sharp(picture).webp({ lossless: true }).toBuffer(),
  },
  tiff: {
    files: [
      tiffKinds['description, EXIF, GPS, IPTC, GeoTIFF']!,
      tiffKinds['the same, big-endian']!,
      tiffKinds['tags that an edit makes untrue']!,
    ],
    carry: carryTiffTags,
    written: (picture) => sharp(picture).tiff({ compression: 'lzw' }).toBuffer(),
  },
  jpeg: { files: [jpegKinds['thumbnail, gain map, MPF, C2PA']!] },
};

describe.each(Object.entries(subjects))('%s: damaged files', (format, { files, carry, written }) => {
  let wholes: Uint8Array[] = [];
  beforeAll(async () => {
    wholes = await Promise.all(files.map((make) => make()));
  });

  test('never crash the container readers, and never grow to more than twice their size', async () => {
    for (const [seed, whole] of wholes.entries()) {
      const target = await written?.(whole);
      for (const source of damaged(whole, { count: 1500, seed: seed + 1 })) {
        const checked = codeOf(() => inspectContainer(source));
        if (typeof checked === 'string') expect(checked).toMatch(inputCodes);
        if (carry === undefined || target === undefined) continue;
        const carried = codeOf(() => carry({ source, written: target, xmp: undefined }));
        if (typeof carried === 'string') expect(carried).toMatch(/^(FORMAT_|IMAGE_|INTERNAL)/);
        else expect(carried.bytes.length).toBeLessThan(target.length + 2 * source.length + 1000);
      }
    }
  });

  test('are written as a whole or refused, and never cause an internal error', async () => {
    const outcomes = new Set<string>();
    for (const [seed, whole] of wholes.entries()) {
      for (const source of [whole, ...damaged(whole, { count: 60, seed: 100 + seed })])
        outcomes.add(await outcomeOf(source));
    }
    for (const outcome of outcomes)
      expect(`${format} ${outcome}`).toMatch(/ (written|FORMAT_\w+|KIND_\w+|IMAGE_\w+)$/);
    expect(outcomes).toContain('written');
    expect(outcomes.size).toBeGreaterThan(1);
  });
});

async function outcomeOf(source: Uint8Array): Promise<string> {
  try {
    const { width, height } = (await readPhoto(source, limits)).header.displayed;
    const box = { left: 0, top: 0, width, height };
    const { bytes } = (await invertBox(source, box, { isGenerated: true })).written;
    await sharp(bytes, { failOn: 'warning' }).toColourspace('srgb').raw().toBuffer();
    return 'written';
  } catch (error) {
    return error instanceof EditError ? error.code : String(error);
  }
}
