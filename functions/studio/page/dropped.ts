/** What was dropped, pasted or picked: photos with their masks, or a mask for the photo that is open. */
export interface Dropped {
  readonly photos: readonly { readonly file: File; readonly maskFile: File | undefined }[];
  readonly mask: File | undefined;
}

const maskPattern = /\.mask\.[a-z]+$/i;
const stemOf = ({ name }: File) => name.replace(maskPattern, '').replace(/\.[^.]*$/, '');

/** `beach.mask.png` belongs to `beach.jpg`, or to the only photo. */
export function sortFiles(files: readonly File[]): Dropped {
  const masks = files.filter(({ name }) => maskPattern.test(name));
  const photos = files.filter(({ name }) => !maskPattern.test(name));
  const only = photos.length === 1 ? masks[0] : undefined;
  const ofPhoto = (file: File) =>
    masks.find((mask) => mask.name.replace(maskPattern, '') === file.name || stemOf(mask) === stemOf(file));
  return {
    photos: photos.map((file) => ({ file, maskFile: ofPhoto(file) ?? only })),
    mask: photos.length === 0 ? masks[0] : undefined,
  };
}
