import type { Capabilities, EngineFacts, Fields } from './api.ts';
import { problem } from './api.ts';
import { buttonOf, el } from './dom.ts';
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

/** In this order. `interactive` takes what was painted for a rough stroke. */
const order = ['people', 'foreground', 'background', 'semantic', 'prompt', 'interactive'];

/** What the finders of an engine can find together. */
export function offeredBy({ finders = [] }: Pick<Capabilities, 'finders'>, engine: EngineFacts) {
  const able = finders.filter(({ name }) => engine.finders?.includes(name) ?? false);
  const modes = order.filter((mode) => able.some((finder) => finder.modes.includes(mode)));
  const classes = able.find((finder) => finder.classes.length > 0)?.classes ?? [];
  return { modes, classes };
}

export function createExtract(options: ExtractOptions): Extract {
  const classes = classPicker();
  const { words, wordsField } = wordsInput();
  const modes = el('div', { class: 'chips', attributes: { role: 'group', 'aria-label': texts.extract } });
  const body = el('div', { class: 'fields' });
  const find = buttonOf(texts.find, 'quiet', () => {
    try {
      options.find(fieldsOf(mode, { classes: classes.chosen(), words: words.value.trim(), ...options }));
    } catch (error) {
      options.onProblem(error);
      (mode === 'semantic' ? classes.search : words).focus();
    }
  });
  const element = el(
    'section',
    { class: 'extract', attributes: { 'aria-label': texts.extract } },
    ...[el('h2', { text: texts.extract }), modes, body],
    el('p', { class: 'hint', text: texts.extractHint }),
  );
  let mode = '';
  const choose = (next: string) => {
    mode = mode === next ? '' : next;
    show();
  };
  const show = () => {
    for (const chip of modes.children) {
      chip.setAttribute('aria-pressed', String(chip instanceof HTMLElement && chip.dataset['mode'] === mode));
    }
    const fields = { semantic: classes.element, prompt: wordsField }[mode];
    body.replaceChildren(...(mode === '' ? [] : [...(fields ? [fields] : []), find]));
  };
  let shown = '';
  const update = () => {
    const offered = offeredBy(options.capabilities, options.engine());
    element.hidden = offered.modes.length === 0;
    find.disabled = !options.canFind();
    const wanted = JSON.stringify(offered);
    if (wanted === shown) return;
    shown = wanted;
    classes.offer(offered.classes);
    modes.replaceChildren(...offered.modes.map((each) => chipOf(each, choose)));
    if (!offered.modes.includes(mode)) mode = '';
    show();
  };
  return { element, update };
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

interface Wanted extends Pick<ExtractOptions, 'isMaskEmpty'> {
  readonly classes: readonly string[];
  readonly words: string;
}

/** @throws {ProblemError} where something is missing. */
function fieldsOf(mode: string, { classes, words, isMaskEmpty }: Wanted): Fields {
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
