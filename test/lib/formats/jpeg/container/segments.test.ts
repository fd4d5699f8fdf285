import { expect, test } from 'vitest';
import { marker, readSegments } from '../../../../../lib/formats/jpeg/container/segments.ts';

const head = [0xff, marker.soi, 0xff, marker.sos, 0, 2];
/** Bytes of a scan are looked at so many at once. */
const chunk = 64 * 1024;

test.each([0, 1, 15, 16, chunk - 2, chunk - 1, chunk, chunk + 1, 2 * chunk - 3])(
  'a scan of %i bytes ends before the marker behind it',
  (length) => {
    const scan = new Uint8Array(length).map((_, i) => (i % 3 === 0 ? 0xff : 0));
    // An FF before the marker would be a fill byte.
    if (length > 0) scan[length - 1] = 0;
    const end = [0xff, marker.eoi];
    const segments = readSegments(Buffer.concat([Buffer.from(head), scan, Buffer.from(end)]));
    expect(segments.map(({ marker: code, entropyEnd }) => [code, entropyEnd - head.length])).toEqual([
      [marker.soi, 2 - head.length],
      [marker.sos, length],
      [marker.eoi, length + 2],
    ]);
  },
);
