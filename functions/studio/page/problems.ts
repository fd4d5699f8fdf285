import { ProblemError } from './api.ts';
import { buttonOf, copyButton, el, iconButton } from './dom.ts';
import { texts } from './texts.ts';

interface Places {
  /** The control of a field, if it is shown. */
  readonly control: (name: string) => HTMLElement | undefined;
  readonly focusTools: () => void;
  /** Runs again. */
  readonly retry: () => void;
}

export interface Problems {
  /** Among the parameters and the button to run. */
  readonly element: HTMLElement;
  /** Over the picture, for what is wrong with files. */
  readonly overPicture: HTMLElement;
  readonly show: (error: unknown, place?: 'panel' | 'picture', mend?: Mend) => void;
  /** Something to know that stops nothing. */
  readonly note: (text: string, mend?: Mend) => void;
  readonly isShown: () => boolean;
  readonly clear: () => void;
}

/** A button that mends it. */
interface Mend {
  readonly text: string;
  readonly press: () => void;
}

/** Says what went wrong next to its cause, and moves the focus to what can be done about it. */
export function createProblems(places: Places): Problems {
  const boxOf = () =>
    el('div', { class: 'problem', attributes: { role: 'alert', tabindex: '-1', hidden: true } });
  const boxes = { panel: boxOf(), picture: boxOf() };
  let marked: HTMLElement | undefined;
  let timer: ReturnType<typeof setInterval> | undefined;
  const clear = () => {
    clearInterval(timer);
    for (const box of Object.values(boxes)) {
      box.hidden = true;
      box.replaceChildren();
      box.removeAttribute('id');
    }
    marked?.removeAttribute('aria-invalid');
    marked?.removeAttribute('aria-errormessage');
    marked = undefined;
  };
  const show = (error: unknown, place: 'panel' | 'picture' = 'panel', mend?: Mend) => {
    clear();
    const problem = problemOf(error);
    const box = boxes[place];
    box.className = 'problem';
    box.id = 'problem';
    box.dataset['code'] = problem.code;
    const retry = retryButton(problem, places.retry);
    timer = retry?.timer;
    box.append(el('div', {}, ...sentencesOf(problem), retry?.button, mendButton(mend)), closeButton(clear));
    box.hidden = false;
    marked = fieldOf(problem, places);
    if (marked !== undefined) mark(marked);
    else if (problem.code.startsWith('MASK_') && place === 'panel') places.focusTools();
    else box.focus();
  };
  const note = (text: string, mend?: Mend) => {
    clear();
    boxes.picture.className = 'problem note';
    boxes.picture.append(el('div', {}, el('p', { text }), mendButton(mend)), closeButton(clear));
    boxes.picture.hidden = false;
  };
  const isShown = () => Object.values(boxes).some(({ hidden }) => !hidden);
  return { element: boxes.panel, overPicture: boxes.picture, show, note, isShown, clear };
}

type Problem = ProblemError['problem'];

/** A fault of the network has no problem of its own. */
function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  return navigator.onLine
    ? { code: 'LOST', detail: texts.lost }
    : { code: 'OFFLINE', detail: texts.noNetwork };
}

const mendButton = (mend: Mend | undefined) => mend && buttonOf(mend.text, 'quiet', mend.press);
const closeButton = (press: () => void) => iconButton({ icon: 'cross', label: texts.close, press });

/** Sentences of the service are English; those of the page have its language. */
function sentencesOf({ detail, remedy, trace, type }: Problem): HTMLElement[] {
  const lang = type === undefined ? undefined : 'en';
  return [
    el('p', { attributes: { lang } }, el('strong', { text: detail })),
    ...(remedy === undefined ? [] : [el('p', { text: remedy, attributes: { lang } })]),
    ...(trace === undefined ? [] : [traceOf(trace)]),
  ];
}

/** What finds the lines of the log; it is long, and sent to somebody else. */
function traceOf(trace: string): HTMLElement {
  const copy = copyButton(
    texts.copy,
    () => navigator.clipboard.writeText(trace),
    () => undefined,
  );
  return el('div', { class: 'trace' }, el('p', { class: 'hint', text: `${texts.trace} ${trace}` }), copy);
}

function fieldOf({ errors = [] }: Problem, { control }: Places): HTMLElement | undefined {
  const found = errors.map(({ pointer }) => control(pointer.replace(/^#\/|^\?/, '')));
  return found.find((field) => field !== undefined);
}

function mark(field: HTMLElement): void {
  field.closest('details')?.setAttribute('open', '');
  field.setAttribute('aria-invalid', 'true');
  field.setAttribute('aria-errormessage', 'problem');
  field.focus();
}

/** A login that ended is mended by loading again; what passes can be tried again after its time. */
function retryButton({ code, retryAfterMs }: Problem, retry: () => void) {
  if (code === 'LOGIN_ENDED') {
    return { button: buttonOf(texts.reload, 'quiet', () => location.reload()), timer: undefined };
  }
  if (code === 'LOST' || code === 'OFFLINE') {
    return { button: buttonOf(texts.tryAgain, 'quiet', retry), timer: undefined };
  }
  if (retryAfterMs === undefined) return undefined;
  const button = buttonOf('', 'quiet', retry);
  let seconds = Math.ceil(retryAfterMs / 1000);
  const tick = () => {
    button.disabled = seconds > 0;
    button.textContent = seconds > 0 ? texts.tryAgainIn(seconds) : texts.tryAgain;
    if (seconds-- <= 0) clearInterval(timer);
  };
  const timer = setInterval(tick, 1000);
  tick();
  return { button, timer };
}
