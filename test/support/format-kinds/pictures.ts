import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sharp } from 'sharp';
import { pipelineOf, random } from '../pictures.ts';

/** Makes a file of each kind. */
export type Kinds = Readonly<Record<string, () => Promise<Uint8Array>>>;

/** Small, because there are many. JPEGs hold several blocks of subsampled chroma. */
export const kindSize = { width: 48, height: 40 };
export const jpegSize = { width: 80, height: 64 };

/** Waves with grain, so that smoothing shows. Alpha goes from 0 to full, with colours under alpha 0. */
export function pipeline(channels: 1 | 2 | 3 | 4, depth: 8 | 16 = 8, size = kindSize): Sharp {
  const { width, height } = size;
  const next = random(channels * depth);
  const scale = depth === 16 ? 257 : 1;
  const count = width * height * channels;
  const data = depth === 16 ? new Uint16Array(count) : new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const p = Math.trunc(i / channels);
    const [x, y, c] = [p % width, Math.trunc(p / width), i % channels];
    const isAlpha = channels % 2 === 0 && c === channels - 1;
    const wave = 128 + 50 * Math.sin(x / 7 + c) * Math.cos(y / 9) + 20 * Math.sin((x + 2 * y) / 17);
    const grain = Math.floor(3 * next()) - 1;
    data[i] = isAlpha ? Math.min(255, y * 4) * scale : Math.round((wave + grain) * scale);
  }
  return pipelineOf({ width, height, channels, data });
}

export async function withProfile(make: (path: string) => Promise<Buffer>, profile: Buffer): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), 'profile-'));
  try {
    const path = join(folder, 'test.icc');
    writeFileSync(path, profile);
    return await make(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const xmp =
  '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF ' +
  'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" ' +
  'xmlns:dc="http://purl.org/dc/elements/1.1/" dc:source="test"/></rdf:RDF></x:xmpmeta><?xpacket end="w"?>';

/** Profile, EXIF with orientation and density, XMP. */
export const dressed = (picture: Sharp) =>
  picture
    .withIccProfile('p3')
    .withExif({ IFD0: { Copyright: 'me', Artist: 'you' } })
    .withXmp(xmp)
    .withMetadata({ density: 240 });
