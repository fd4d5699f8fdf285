import type { Sharp } from 'sharp';
import { avifKinds } from './format-kinds/avif.ts';
import { jpegKinds, refusedJpegs } from './format-kinds/jpeg.ts';
import { type Kinds, pipeline } from './format-kinds/pictures.ts';
import { pngKinds } from './format-kinds/png.ts';
import { refusedKinds } from './format-kinds/refused.ts';
import { refusedTiffs, tiffKinds } from './format-kinds/tiff.ts';
import { webpKinds } from './format-kinds/webp.ts';

/** A kind of file, and the request for its edit. */
export interface FormatKind {
  readonly format: string;
  readonly kind: string;
  /** One file, or several that share a row. */
  readonly make: () => Promise<readonly Uint8Array[]>;
  readonly acceptsAvif?: boolean;
  readonly request?: Readonly<Record<string, unknown>> | undefined;
}

/** Small, thin, and no multiple of a block. */
const oddSizes = [
  { width: 1, height: 9 },
  { width: 9, height: 1 },
  { width: 7, height: 13 },
  { width: 17, height: 33 },
] as const;

const orientations = [1, 2, 3, 4, 5, 6, 7, 8] as const;
type Format = 'jpeg' | 'png' | 'webp' | 'tiff';
const encode = (picture: Sharp, format: Format) =>
  picture.toFormat(format, { lossless: true, compression: 'lzw' }).toBuffer();

const shapes = (format: Format): FormatKind[] => [
  {
    format,
    kind: 'the eight EXIF orientations',
    make: () =>
      Promise.all(
        orientations.map((orientation) => encode(pipeline(3).withMetadata({ orientation }), format)),
      ),
  },
  {
    format,
    kind: oddSizes.map(({ width, height }) => `${width} x ${height}`).join(', '),
    make: () => Promise.all(oddSizes.map((size) => encode(pipeline(3, 8, size), format))),
  },
];

const inside = { jpegBlocks: 'inside' };
/** Kinds with different block layouts. */
const insideKinds = [
  '4:4:4',
  '4:2:2',
  '4:2:0',
  'grey',
  'progressive',
  'restart markers',
  'CMYK',
  'arithmetic coding',
];

const ofFormat = (format: string, kinds: Kinds, request: FormatKind['request'] = {}): FormatKind[] =>
  Object.entries(kinds).map(([kind, make]) => ({ format, kind, make: async () => [await make()], request }));

const kindsOf = { jpeg: jpegKinds, png: pngKinds, webp: webpKinds, tiff: tiffKinds };
const described = 'Display P3, EXIF, XMP, density';

/** Conversions to another format or quality. */
const converted: readonly FormatKind[] = (
  [
    ['jpeg', described, { outputFormat: 'png' }],
    ['jpeg', described, { outputFormat: 'webp' }],
    ['jpeg', described, { outputQuality: 80 }],
    ['jpeg', 'IPTC, comment, a segment of a camera', { outputQuality: 80 }],
    ['jpeg', 'thumbnail, gain map, MPF, C2PA', { outputQuality: 80 }],
    ['jpeg', 'bytes of a camera behind the end', { outputQuality: 80 }],
    ['jpeg', 'CMYK', { outputQuality: 80 }],
    ['png', described, { outputFormat: 'jpeg' }],
    ['png', 'ancillary chunks of every kind', { outputFormat: 'webp' }],
    ['png', 'RGB 16 bit', { outputFormat: 'webp' }],
    ['png', 'RGBA 8 bit', { outputFormat: 'jpeg' }],
    ['tiff', 'description, EXIF, GPS, IPTC, GeoTIFF', { outputFormat: 'png' }],
    ['tiff', 'CMYK with a profile', { outputFormat: 'png' }],
  ] as const
).map(([format, kind, request]) => ({
  format: `${format}, ${Object.entries(request)
    .map(([name, value]) => `\`${name}: ${value}\``)
    .join()}`,
  kind,
  make: async () => [await kindsOf[format][kind]!()],
  request,
}));

/** Every row of the table of formats. */
export const formatKinds: readonly FormatKind[] = [
  ...ofFormat('jpeg', jpegKinds),
  ...shapes('jpeg'),
  ...ofFormat(
    'jpeg, `jpegBlocks: inside`',
    Object.fromEntries(insideKinds.map((kind) => [kind, jpegKinds[kind]!])),
    inside,
  ),
  ...ofFormat('png', pngKinds),
  ...shapes('png'),
  ...ofFormat('webp', webpKinds),
  ...shapes('webp'),
  ...ofFormat('tiff', tiffKinds),
  ...shapes('tiff'),
  ...ofFormat('avif, `ACCEPT_AVIF`', avifKinds).map((row) => ({ ...row, acceptsAvif: true })),
  ...converted,
  ...ofFormat('others', { ...refusedJpegs, ...refusedTiffs, ...refusedKinds }),
];
