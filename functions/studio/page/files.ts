/** What was dropped, pasted or picked: one photo, and perhaps its mask. */
export interface Dropped {
  readonly photo: File | undefined;
  readonly mask: File | undefined;
}

const isMask = ({ name }: File) => /\.mask\.[a-z]+$/i.test(name);

export const sortFiles = (files: readonly File[]): Dropped => ({
  photo: files.find((file) => !isMask(file)),
  mask: files.find(isMask),
});

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
