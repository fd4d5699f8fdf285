import { el } from './dom.ts';
import { type Dropped, sortFiles } from './dropped.ts';
import { texts } from './texts.ts';

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
