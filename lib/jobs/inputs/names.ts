import { EditError } from '../../errors.ts';

/**
 * Extensions of pictures, best first. Formats that an edit may refuse are here too: a user who uploads one
 * with its mask finds an `error.json` instead of nothing. An extension says only that a file is a picture:
 * its bytes say what format it has.
 */
// biome-ignore format: one list
const imageExtensions: readonly string[] = [
  'png', 'webp', 'jpg', 'jpeg', 'tif', 'tiff', 'avif', 'heic', 'heif', 'gif', 'bmp', 'jfif', 'jpe',
];
const maskExtensions = [...imageExtensions, 'pgm', 'pbm', 'ppm', 'pnm'];

// Without an extension, the content type of the object must say that it is a picture.
const anyImage = new RegExp(`^(?<stem>.+)\\.(?:${imageExtensions.join('|')})$`, 'i');
const anyMask = new RegExp(
  `^(?<stem>.*)(?<word>[._]mask)(?:\\.(?<extension>${maskExtensions.join('|')}))?$`,
  'i',
);
const anyKeep = new RegExp(`^(?<stem>.+)\\.keep\\.(?:${maskExtensions.join('|')})$`, 'i');
const anyRequest = /^(?<stem>.+)\.json$/i;
const anyFolderMask = new RegExp(`^_folder\\.[Mm][Aa][Ss][Kk]\\.(?:${maskExtensions.join('|')})$`);
const hasExtension = /\.(?=[^.]*[a-z])[a-z0-9]{1,8}$/i;
const dash = /^(?<base>.+)-mask$/i;

/** `keep`: what is not to be copied into the fill. */
export type Role = 'image' | 'mask' | 'keep' | 'request' | 'folder-mask';

export interface UploadName {
  readonly role: Role;
  /** Ends with a slash, or is empty at the top of the bucket. */
  readonly folder: string;
  /** The name without its folder. */
  readonly file: string;
  /**
   * What image, masks and request of one job share. A mask may have the whole name of its picture instead:
   * `photo.jpg` in `photo.jpg.mask.png`. Empty for a folder's mask.
   */
  readonly stem: string;
  /**
   * `p` for `p-mask.png`. Such a picture with a mask of its own is a picture; without one, it is the mask of
   * a picture `p`, if there is one.
   */
  readonly dashed?: string;
}

/**
 * The one grammar of names: `dir/photo.mask.png` -> mask of stem `photo` in `dir/`.
 *
 * @param contentType of the object; `undefined` where only the name is known. Then a name without extension
 *   may be a picture.
 * @returns `undefined` for objects that belong to no job.
 */
export function readName(name: string, contentType?: string): UploadName | undefined {
  const folder = name.slice(0, name.lastIndexOf('/') + 1);
  const file = name.slice(folder.length);
  const mayBePicture = contentType === undefined || isImageType(contentType);
  if (anyFolderMask.test(file)) return { role: 'folder-mask', folder, file, stem: '' };
  // The mask first: an object named like a mask is never an image.
  const mask = anyMask.exec(file)?.groups;
  if (mask !== undefined && (mask['extension'] !== undefined || mayBePicture)) {
    const { stem = '' } = mask;
    return stem === '' ? undefined : { role: 'mask', folder, file, stem };
  }
  const keep = anyKeep.exec(file)?.groups?.['stem'];
  if (keep !== undefined) return { role: 'keep', folder, file, stem: keep };
  const request = anyRequest.exec(file)?.groups?.['stem'];
  if (request !== undefined) return { role: 'request', folder, file, stem: request };
  const isBare = mayBePicture && file !== '' && !file.startsWith('.') && !hasExtension.test(file);
  const stem = anyImage.exec(file)?.groups?.['stem'] ?? (isBare ? file : undefined);
  if (stem === undefined) return undefined;
  const dashed = dash.exec(stem)?.groups?.['base'];
  return { role: 'image', folder, file, stem, ...(dashed === undefined ? {} : { dashed }) };
}

interface Named {
  readonly name: string;
  readonly contentType: string;
}

/** The same for a listed object. */
export const readObject = ({ name, contentType }: Named) => readName(name, contentType);

export const isPicture = (object: Named): boolean => readObject(object)?.role === 'image';

export const isFolderMask = (object: Named): boolean => readObject(object)?.role === 'folder-mask';

/** The content type of an object says that it is a picture. */
export const isImageType = (contentType: string): boolean => /^image\//i.test(contentType);

/** `dir/photo.jpg` -> `dir/photo`; the whole name of an object that belongs to no job. */
export function stemIn(name: string): string {
  const read = readName(name);
  return read === undefined ? name : `${read.folder}${read.stem}`;
}

/** Names that people cannot tell apart are one: macOS takes accents off their letters, others do not. */
export const sameText = (text: string): string => text.normalize('NFC');

/** The forms in which other systems may have written a name. */
export const formsOf = (name: string): ReadonlySet<string> =>
  new Set([name, name.normalize('NFC'), name.normalize('NFD')]);

/** `photo.jpg` -> `photo.jpg`, `photo`: a mask has the stem of its picture or its whole name. */
export function basesOf(base: string): readonly string[] {
  const image = readName(base);
  return image?.role === 'image' && image.stem !== base ? [base, image.stem] : [base];
}

/** The stems, each with its folder, whose pictures this object may belong to. */
export function stemsOf({ role, folder, stem, dashed }: UploadName): readonly string[] {
  const own = role === 'mask' || role === 'keep' ? basesOf(stem) : [stem];
  // Whether `p-mask.png` has a mask of its own decides whether it is the mask of `p`.
  const base = dashed ?? (role === 'mask' ? dash.exec(stem)?.groups?.['base'] : undefined);
  const stems = new Set([...own, ...(base === undefined ? [] : basesOf(base))]);
  return [...stems].map((each) => sameText(`${folder}${each}`));
}

/** Cloud Storage orders names by their UTF-8 bytes, JavaScript orders texts by UTF-16 units. */
export const isBefore = (a: string, b: string): boolean => Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;

/** `mask` in upper and lower case, all sixteen: names are listed by their bytes. */
const maskWords = [...'mask'].reduce<readonly string[]>(
  (words, letter) => [letter.toUpperCase(), letter].flatMap((one) => words.map((word) => `${word}${one}`)),
  [''],
);

/** Beginnings of the names of all objects that belong to a stem, the picture without extension aside. */
export const memberPrefixes = (stem: string): readonly string[] =>
  [`${stem}.`, ...maskWords.flatMap((word) => [`${stem}-${word}`, `${stem}_${word}`])].sort((a, b) =>
    isBefore(a, b) ? -1 : 1,
  );

/** In byte order, what follows every object of a stem. */
export const endOfMembers = (stem: string): string => `${stem}_n`;

/** How well a mask fits a picture, best first. What paired in version 0.1 comes first and in its order. */
const fits = {
  dotted: 0,
  underscored: 1,
  otherCase: 2,
  wholeName: 3,
  /** Added where the names are equal only in one form of Unicode. */
  otherForm: 4,
  ofFolder: 8,
  dashed: 9,
} as const;

/** Smaller is better; `undefined` for an object that is no mask of this picture. */
function maskRank(mask: UploadName, image: UploadName): number | undefined {
  if (mask.role === 'folder-mask') return fits.ofFolder;
  const base = mask.role === 'mask' ? mask.stem : mask.dashed;
  const stem = `${mask.folder}${base}`;
  const bases = [image.stem, image.file].map((text) => `${image.folder}${text}`);
  const at = bases.map(sameText).indexOf(sameText(stem));
  if (base === undefined || at < 0) return undefined;
  if (mask.dashed !== undefined) return fits.dashed;
  return fitOf(mask, at === 0) + (bases[at] === stem ? 0 : fits.otherForm);
}

function fitOf({ file }: UploadName, isStem: boolean): number {
  if (!isStem) return fits.wholeName;
  const word = anyMask.exec(file)?.groups?.['word'] ?? '';
  if (word.startsWith('.')) return fits.dotted;
  return word === '_mask' ? fits.underscored : fits.otherCase;
}

/** True for a mask that no other one can outrank, but for one that begins with `{stem}.` too. */
export function isFirstChoice(mask: Named, image: Named): boolean {
  const [a, b] = [readObject(mask), readObject(image)];
  return a !== undefined && b !== undefined && maskRank(a, b) === fits.dotted;
}

export const isDashedMask = (mask: Named): boolean => readObject(mask)?.dashed !== undefined;

/** The mask to use where several fit: by the form of its name, then by its extension, then by its name. */
export function bestMask<T extends Named>(image: Named, objects: readonly T[]): T | undefined {
  const picture = readObject(image);
  if (picture === undefined) return undefined;
  const owned = new Set(objects.map(readObject).map((read) => (read?.role === 'mask' ? read.stem : '')));
  const ranked = objects.flatMap((object) => {
    const read = readObject(object);
    // A picture with a mask of its own is the mask of no other.
    if (read === undefined || (read.role === 'image' && (owned.has(read.stem) || owned.has(read.file))))
      return [];
    const rank = maskRank(read, picture);
    return rank === undefined ? [] : [{ object, rank, extension: extensionRank(object.name) }];
  });
  const [best] = ranked.sort(
    (a, b) => a.rank - b.rank || a.extension - b.extension || (a.object.name < b.object.name ? -1 : 1),
  );
  return best?.object;
}

/** The keep mask of a picture: one with its stem before one with its whole name, then by its extension. */
export function keepOf<T extends Named>(image: Named, objects: readonly T[]): T | undefined {
  const picture = readObject(image);
  if (picture === undefined) return undefined;
  const bases = [picture.stem, picture.file].map((base) => sameText(`${picture.folder}${base}`));
  const ranked = objects.flatMap((object) => {
    const read = readObject(object);
    if (read?.role !== 'keep') return [];
    const base = bases.indexOf(sameText(`${read.folder}${read.stem}`));
    return base < 0 ? [] : [{ object, rank: 100 * base + extensionRank(object.name) }];
  });
  return ranked.sort((a, b) => a.rank - b.rank || (a.object.name < b.object.name ? -1 : 1))[0]?.object;
}

function extensionRank(name: string): number {
  const at = maskExtensions.indexOf(name.slice(name.lastIndexOf('.') + 1).toLowerCase());
  return at < 0 ? maskExtensions.length : at;
}

/** @param folder ends with a slash, or is empty. */
export const folderMaskPrefix = (folder: string): string => `${folder}_folder.`;

/** Names of the results of one job in the output bucket. */
export function outputNames(imageName: string, job: string) {
  const folder = `${imageName}/${job}/`;
  return {
    folder,
    /** @param index from 1, best first. */
    output: (index: number, extension: string) => `${folder}${index}.${extension}`,
    /** The mask that was used, where nobody sent it. */
    mask: `${folder}mask.png`,
    /** Where only that was asked for. */
    preview: `${folder}preview.webp`,
    manifest: `${folder}manifest.json`,
    error: `${folder}error.json`,
  };
}

/**
 * `dir/photo.jpg` -> `delivered/dir/photo.jpg`, with the extension of the output where that has another
 * format.
 */
export function deliveredName(imageName: string, outputName: string): string {
  const extension = extensionOf(outputName);
  const isSame = extensionOf(imageName).toLowerCase() === extension.toLowerCase();
  return `delivered/${isSame ? imageName : `${stemIn(imageName)}${extension}`}`;
}

const extensionOf = (name: string) => /\.[^./]*$/.exec(name)?.[0] ?? '';

/** @see https://cloud.google.com/storage/docs/objects#naming */
const maxNameBytes = 1024;
const jobIdDigits = 16;
const addedBytes = outputNames('', '0'.repeat(jobIdDigits)).manifest.length;

/** False where not even the name of an `error.json` has room. */
export const hasRoomForError = (imageName: string): boolean =>
  Buffer.byteLength(outputNames(imageName, '0'.repeat(jobIdDigits)).error) <= maxNameBytes;

/** `NAME_TOO_LONG` for a picture beside whose name the names of its results have no room. */
export function nameFault(imageName: string): EditError | undefined {
  const maxBytes = maxNameBytes - addedBytes;
  const bytes = Buffer.byteLength(imageName);
  return bytes <= maxBytes
    ? undefined
    : new EditError('NAME_TOO_LONG', `Expected a picture's name of at most ${maxBytes} bytes, got ${bytes}`);
}

export const againPrefix = 'again/';

/** Names of the records of one job in the control bucket. */
export function controlNames(job: string) {
  return {
    claim: `claims/${job}`,
    again: `${againPrefix}${job}`,
    reply: (key: string) => `raw/${job}/${key}`,
  };
}

/** Records of batches. Nothing else begins so. */
export const batchPrefix = 'batches/';

/** Objects of the control bucket of one batch. */
export function batchNames(batch: string) {
  const folder = `batch/${batch}/`;
  return {
    record: `${batchPrefix}${batch}`,
    folder,
    lines: `${folder}lines.jsonl`,
    /** The sets of inputs whose lines these are, as `setKey` gives them. */
    sets: `${folder}sets.jsonl`,
    picture: (name: string) => `${folder}${name}`,
    /** @param line key of the line, as `lineKey` gives it. */
    answer: (line: string) => `${folder}answers/${line}`,
  };
}

/** The key of a line: one for each candidate of a call. */
export const lineKey = (call: { readonly job: string; readonly key: string }, candidate: number): string =>
  `${call.job}.${call.key}.${candidate}`;

/** `dir/photo.jpg/{job}/manifest.json` -> its image and job; `undefined` for other objects. */
export function readTerminalName(
  name: string,
): { readonly imageName: string; readonly job: string; readonly kind: 'manifest' | 'error' } | undefined {
  const groups = /^(?<image>.+)\/(?<job>[0-9a-f]{16})\/(?<kind>manifest|error)\.json$/s.exec(name)?.groups;
  if (groups === undefined) return undefined;
  const { image: imageName = '', job = '', kind } = groups;
  return { imageName, job, kind: kind === 'manifest' ? 'manifest' : 'error' };
}

/** The label of a claim that names its picture: people cannot tell it from the id of the job. */
export const imageVersion = ({ name, generation }: { readonly name: string; readonly generation: string }) =>
  `${name}#${generation}`;

/** The name in such a label. */
export const imageOfVersion = (label: string | undefined): string | undefined =>
  label?.replace(/#[^#]*$/, '');
