import type { Capabilities, EngineFacts, Fields } from './answers.ts';
import { problem } from './api.ts';
import { buttonOf, el } from './dom.ts';
import { offeredBy } from './offers.ts';
import { texts } from './texts.ts';

/** Has the service find a mask, which is added to the painted one before the run. */
export interface Extract {
  readonly element: HTMLElement;
  /** What is offered depends on the engine. */
  readonly update: () => void;
}

interface ExtractOptions {
  readonly capabilities: Pick<Capabilities, 'finders'>;
  readonly engine: () => EngineFacts;
  readonly canFind: () => boolean;
  readonly isMaskEmpty: () => boolean;
  readonly find: (fields: Fields) => void;
  readonly onProblem: (error: unknown) => void;
}

export function createExtract(options: ExtractOptions): Extract {
  const classes = classPicker();
  const { words, wordsField } = wordsInput();
  const modes = el('div', { class: 'chips', attributes: { role: 'group', 'aria-label': texts.extract } });
  const body = el('div', { class: 'fields' });
  const fieldOf: Readonly<Record<string, HTMLElement>> = { semantic: classes.element, prompt: wordsField };
  const start = () => {
    try {
      const wanted = { classes: classes.chosen(), words: words.value.trim() };
      options.find(fieldsOf(mode, wanted, options.isMaskEmpty));
    } catch (error) {
      options.onProblem(error);
      if (mode in fieldOf) (mode === 'semantic' ? classes.search : words).focus();
    }
  };
  const find = buttonOf(texts.find, 'quiet', start);
  const hint = el('p', { class: 'hint', text: texts.extractHint });
  const title = el('h2', { text: texts.extract });
  const attributes = { 'aria-label': texts.extract };
  const element = el('section', { class: 'extract', attributes }, title, modes, body, hint);
  let mode = '';
  // What needs no words is looked for at once.
  const choose = (next: string) => {
    mode = mode === next && next in fieldOf ? '' : next;
    show();
    if (!(next in fieldOf)) start();
    else if (mode !== '') (mode === 'semantic' ? classes.search : words).focus();
  };
  const show = () => {
    for (const chip of chipsIn(modes)) {
      const value = chip.dataset['mode'] ?? '';
      if (value in fieldOf) chip.setAttribute('aria-expanded', String(value === mode));
      chip.disabled = !options.canFind();
    }
    const field = fieldOf[mode];
    body.replaceChildren(...(field === undefined ? [] : [field, find]));
    find.disabled = !options.canFind();
  };
  const offer = offerer(options, (offered) => {
    classes.offer(offered.classes);
    modes.replaceChildren(...offered.modes.map((each) => chipOf(each, choose)));
    element.hidden = offered.modes.length === 0;
    if (!offered.modes.includes(mode)) mode = '';
  });
  const update = () => {
    if (offer() || find.disabled === options.canFind()) show();
  };
  return { element, update };
}

const chipsIn = (modes: HTMLElement) => [...modes.querySelectorAll('button')];

type Offered = ReturnType<typeof offeredBy>;

/** Calls back where another engine offers something else. @returns whether it did. */
function offerer(
  { capabilities, engine }: ExtractOptions,
  onOffer: (offered: Offered) => void,
): () => boolean {
  let shown: EngineFacts | undefined;
  return () => {
    if (engine() === shown) return false;
    shown = engine();
    onOffer(offeredBy(capabilities, shown));
    return true;
  };
}

function wordsInput() {
  const words = el('textarea', {
    attributes: { rows: '2', maxlength: '500', id: 'extract-words', placeholder: texts.wordsHint },
  });
  const label = el('label', { text: texts.words, attributes: { for: words.id } });
  return { words, wordsField: el('div', { class: 'field wide' }, label, words) };
}

function chipOf(mode: string, choose: (mode: string) => void): HTMLElement {
  const chip = buttonOf(texts.extracts[mode] ?? mode, 'chip', () => choose(mode));
  chip.dataset['mode'] = mode;
  return chip;
}

interface Wanted {
  readonly classes: readonly string[];
  readonly words: string;
}

/** @throws {ProblemError} where something is missing. */
function fieldsOf(mode: string, { classes, words }: Wanted, isMaskEmpty: () => boolean): Fields {
  if (mode === 'semantic') {
    if (classes.length === 0) throw problem('NO_CLASS', texts.noClass);
    return { maskMode: mode, maskClasses: classes.join(',') };
  }
  if (mode === 'prompt') {
    if (words === '') throw problem('NO_WORDS', texts.noWords);
    return { maskMode: mode, maskPrompt: words };
  }
  if (mode !== 'interactive') return { maskMode: mode };
  if (isMaskEmpty()) throw problem('MASK_EMPTY', texts.noStrokes);
  return {};
}

const maxClasses = 5;
const maxMatches = 6;

/** `potted_plant` -> `potted plant`. */
const readable = (name: string) => name.replaceAll('_', ' ');

/** A search box over the names that a finder knows, and those that were chosen. */
function classPicker() {
  let known: readonly string[] = [];
  const chosen = new Set<string>();
  const search = el('input', {
    attributes: {
      type: 'search',
      id: 'extract-classes',
      placeholder: texts.classesHint,
      autocomplete: 'off',
    },
  });
  const matches = el('div', { class: 'chips', attributes: { lang: 'en' } });
  const picked = el('div', { class: 'chips', attributes: { lang: 'en' } });
  const label = el('label', { text: texts.classes, attributes: { for: search.id } });
  const element = el('div', { class: 'field wide' }, label, picked, search, matches);
  const show = () => {
    const wanted = search.value.trim().toLowerCase().replaceAll(' ', '_');
    const found = wanted === '' ? [] : known.filter((name) => name.includes(wanted) && !chosen.has(name));
    found.sort((a, b) => a.indexOf(wanted) - b.indexOf(wanted) || a.length - b.length);
    matches.replaceChildren(
      ...found.slice(0, maxMatches).map((name) => buttonOf(readable(name), 'chip', () => add(name))),
    );
    picked.replaceChildren(...[...chosen].map((name) => pickedOf(name, remove)));
  };
  const add = (name: string) => {
    if (chosen.size < maxClasses) chosen.add(name);
    search.value = '';
    show();
    search.focus();
  };
  const remove = (name: string) => {
    chosen.delete(name);
    show();
    search.focus();
  };
  search.addEventListener('input', show);
  search.addEventListener('keydown', ({ key }) => {
    const [first] = matches.children;
    if (key === 'Enter' && first instanceof HTMLElement) first.click();
  });
  const offer = (names: readonly string[]) => {
    known = names;
    for (const name of chosen) if (!names.includes(name)) chosen.delete(name);
    show();
  };
  return { element, search, chosen: () => [...chosen], offer };
}

function pickedOf(name: string, remove: (name: string) => void): HTMLElement {
  const button = buttonOf(`${readable(name)} ×`, 'chip', () => remove(name));
  button.setAttribute('aria-pressed', 'true');
  button.setAttribute('aria-label', texts.remove(readable(name)));
  return button;
}
