/** Tags by name. @see https://www.loc.gov/preservation/digital/formats/content/tiff_tags.shtml */
export const tag = {
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  orientation: 274,
  samplesPerPixel: 277,
  extraSamples: 338,
  xmp: 700,
  photoshop: 34377,
  exif: 34665,
  gps: 34853,
  interoperability: 40965,
} as const;

/** Tags that point to a directory, and the tags in that directory that do the same. */
export const pointers: ReadonlyMap<number, readonly number[]> = new Map([
  [tag.exif, [tag.interoperability]],
  [tag.gps, []],
]);

/** The tags from one to another, both included. */
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

/**
 * Tags that describe the picture, not the layout of its samples. They stay true whatever was painted, and
 * none of them holds an offset.
 */
export const descriptive: ReadonlySet<number> = new Set([
  // Names, makers, resolution, pages, dates, people, white point and primaries.
  ...range(269, 272),
  tag.orientation,
  ...range(282, 283),
  ...range(285, 287),
  ...range(296, 297),
  ...[301, 305, 306, 315, 316, 318, 319, 333, 336, 337],
  tag.xmp,
  // Rating, copyright.
  ...[18246, 18249, 33432],
  // IPTC, Photoshop, ICC.
  ...[33723, tag.photoshop, 34675],
  // GeoTIFF, GDAL.
  ...[33550, 33922, 34264, 34735, 34736, 34737, 42112, 42113],
  // Title, comment, author, keywords and subject of Windows; print image matching; ImageJ.
  ...range(40091, 40095),
  ...[50341, 50838, 50839],
]);

/** Tags for the layout of the samples, which each writer chooses itself. */
export const layout: ReadonlySet<number> = new Set([
  ...range(254, 259),
  ...[tag.photometric, 263, 264, 265, 266, 273],
  ...range(277, 279),
  ...[284, 288, 289, 292, 293, 317, 320, 321],
  ...range(322, 325),
  ...[332, tag.extraSamples, 339, 340, 341, 347],
  ...range(512, 521),
  ...range(529, 532),
]);

/** Tags with a name of their own in the report. */
export const staleNames: ReadonlyMap<number, string> = new Map([
  [330, 'smaller copies (SubIFDs)'],
  [37724, 'Photoshop layers'],
  [52545, 'c2pa'],
]);
