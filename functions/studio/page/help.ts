import { buttonOf, el } from './dom.ts';
import { texts } from './texts.ts';

/** All keys, and what this browser keeps, in a dialog. */
export function helpDialog(forget: () => void): { readonly open: () => void } {
  const rows = texts.keys.flatMap(([keys, meaning]) => [
    el('dt', {}, el('kbd', { text: keys })),
    el('dd', { text: meaning }),
  ]);
  const close = buttonOf(texts.close, 'primary', () => dialog.close());
  const title = el('h2', { text: texts.help, attributes: { id: 'help-title' } });
  const dialog = el(
    'dialog',
    { attributes: { 'aria-labelledby': 'help-title' } },
    title,
    el('dl', {}, ...rows),
    el('p', { class: 'hint', text: texts.forgetHint }),
    el('div', { class: 'row' }, buttonOf(texts.forget, 'quiet', forget), close),
  );
  document.body.append(dialog);
  return { open: () => dialog.showModal() };
}
