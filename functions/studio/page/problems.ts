import { ProblemError } from './api.ts';
import { el } from './dom.ts';
import { texts } from './texts.en.ts';

interface Places {
  /** The control of a field, if it is shown. */
  readonly control: (name: string) => HTMLElement | undefined;
  readonly focusTools: () => void;
}

export interface Problems {
  readonly element: HTMLElement;
  readonly show: (error: unknown) => void;
  /** Something to know that stops nothing. */
  readonly note: (text: string) => void;
  readonly clear: () => void;
}

/** Says what went wrong, and moves the focus to what can be done about it. */
export function createProblems({ control, focusTools }: Places): Problems {
  const element = el('div', {
    class: 'problem',
    attributes: { role: 'alert', tabindex: '-1', hidden: true },
  });
  let marked: HTMLElement | undefined;
  const clear = () => {
    element.hidden = true;
    element.replaceChildren();
    marked?.removeAttribute('aria-invalid');
    marked?.removeAttribute('aria-errormessage');
    marked = undefined;
  };
  const show = (error: unknown) => {
    clear();
    const { code, detail, remedy, trace, errors = [] } = problemOf(error);
    element.className = 'problem';
    element.id = 'problem';
    element.dataset['code'] = code;
    element.append(
      el('p', {}, el('strong', { text: detail })),
      ...(remedy === undefined ? [] : [el('p', { text: remedy })]),
      ...(trace === undefined ? [] : [el('p', { class: 'hint', text: `${texts.trace} ${trace}` })]),
    );
    element.hidden = false;
    const [field] = errors.map(({ pointer }) => control(pointer.replace(/^#\/|^\?/, ''))).filter(Boolean);
    if (field !== undefined) {
      field.closest('details')?.setAttribute('open', '');
      field.setAttribute('aria-invalid', 'true');
      field.setAttribute('aria-errormessage', 'problem');
      marked = field;
      field.focus();
    } else if (code.startsWith('MASK_')) focusTools();
    else element.focus();
  };
  const note = (text: string) => {
    clear();
    element.className = 'problem note';
    element.append(el('p', { text }));
    element.hidden = false;
  };
  return { element, show, note, clear };
}

function problemOf(error: unknown): ProblemError['problem'] {
  if (error instanceof ProblemError) return error.problem;
  return { code: 'LOST', detail: texts.lost };
}
