import { el } from './dom.ts';
import { texts } from './texts.en.ts';

/** All keys, in a dialog. */
export function helpDialog(): { readonly open: () => void } {
  const rows = texts.keys.flatMap(([keys, meaning]) => [
    el('dt', {}, el('kbd', { text: keys })),
    el('dd', { text: meaning }),
  ]);
  const close = el('button', { class: 'primary', text: texts.close, attributes: { type: 'button' } });
  const title = el('h2', { text: texts.help, attributes: { id: 'help-title' } });
  const dialog = el(
    'dialog',
    { attributes: { 'aria-labelledby': 'help-title' } },
    title,
    el('dl', {}, ...rows),
    close,
  );
  close.addEventListener('click', () => dialog.close());
  document.body.append(dialog);
  return { open: () => dialog.showModal() };
}
