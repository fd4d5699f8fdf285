import { el } from './dom.ts';
import { texts } from './texts.ts';

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

const filesOf = (data: DataTransfer | null): File[] => [...(data?.files ?? [])];

/** Files that are dropped anywhere on the page, or pasted. */
export function listenToFiles(open: (dropped: Dropped) => void): void {
  const { body } = document;
  document.addEventListener('dragover', (event) => {
    event.preventDefault();
    body.classList.add('dropping');
  });
  document.addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) body.classList.remove('dropping');
  });
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    body.classList.remove('dropping');
    const files = filesOf(event.dataTransfer);
    if (files.length > 0) open(sortFiles(files));
  });
  document.addEventListener('paste', (event) => {
    const files = filesOf(event.clipboardData);
    if (files.length > 0) open(sortFiles(files));
  });
}

/** Opens the dialog of the system. */
export function filePicker(open: (files: readonly File[]) => void): HTMLInputElement {
  const picker = el('input', {
    attributes: { type: 'file', accept: 'image/*', multiple: true, hidden: true, 'aria-label': texts.open },
  });
  picker.addEventListener('change', () => {
    open([...(picker.files ?? [])]);
    picker.value = '';
  });
  return picker;
}
