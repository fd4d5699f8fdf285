import type { Capabilities, EngineFacts, FieldSchema, Fields } from './answers.ts';
import { buttonOf, el, iconButton } from './dom.ts';
import { type Memory, readMemory, saveMemory, usualAskFromUsd } from './memory.ts';
import { type Choice, shownNames } from './offers.ts';
import { language, texts } from './texts.ts';

/** Shown at once; all others are folded away. */
const shownFirst = ['prompt', 'samples', 'featherPx'];

/** What people choose beside the mask. It is made from the schema of requests and what the engine can do. */
export interface Form {
  readonly element: HTMLElement;
  /** As a form sends them; what is left at its default is left out. */
  readonly fields: () => Fields;
  readonly engine: () => EngineFacts;
  /** Only what names the engine. */
  readonly engineFields: () => Fields;
  /** @returns the control of a field, if it is shown. */
  readonly control: (name: string) => HTMLElement | undefined;
  readonly set: (name: string, value: string) => void;
  /** A run that may cost more is asked about, USD. */
  readonly askFromUsd: () => number;
}

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

export function createForm(capabilities: Capabilities, onChange: () => void): Form {
  const controls = new Map<string, Control>();
  const memory = readMemory();
  let choice = firstChoice(capabilities, memory);
  const valuesOf = () => (memory.values[keyOf(choice.engine)] ??= {});
  const places = createPlaces();
  const build = () => {
    controls.clear();
    places.show(
      buildRows({ capabilities, choice, controls, values: valuesOf(), input }),
      modeButtons(choice, choose),
    );
  };
  const input = (name: string, value: string) => {
    if (value === '') delete valuesOf()[name];
    else valuesOf()[name] = value;
    saveMemory(memory);
    onChange();
  };
  const choose = (next: Partial<Choice>) => {
    const { engine, mode } = { ...choice, ...next };
    choice = { engine, mode: engine.modes.includes(mode) ? mode : (engine.modes[0] ?? mode) };
    Object.assign(memory, { engine: keyOf(engine), mode: choice.mode });
    saveMemory(memory);
    build();
    engines?.show(choice.engine);
    onChange();
  };
  const engines = engineSelect(capabilities, choice.engine, (engine) => choose({ engine }));
  const reset = () => {
    memory.values[keyOf(choice.engine)] = {};
    choose({});
  };
  places.foot.append(...footOf(capabilities, memory, reset));
  build();
  return {
    element: el('div', { class: 'form' }, engines?.element, ...places.elements),
    fields: () => fieldsOf(capabilities, choice, controls),
    engineFields: () => engineFields(capabilities, choice),
    engine: () => choice.engine,
    control: (name) => controls.get(name) ?? (/^(engine|model)$/.test(name) ? engines?.select : undefined),
    set: (name, value) => {
      input(name, value);
      build();
    },
    askFromUsd: () => memory.askFromUsd,
  };
}

/** From which cost on people want to be asked, where something costs; and back to the defaults. */
function footOf({ engines }: Capabilities, memory: Memory, reset: () => void): HTMLElement[] {
  const control = el('input', {
    attributes: {
      ...{ id: 'field-askFromUsd', type: 'number', min: '0', step: 'any' },
      ...{ value: String(memory.askFromUsd), 'aria-describedby': 'about-askFromUsd' },
    },
  });
  control.addEventListener('input', () => {
    memory.askFromUsd = Math.max(0, Number(control.value));
    saveMemory(memory);
  });
  const row = rowOf('askFromUsd', control, {});
  row.hidden = engines.every(({ model }) => model === null);
  const resetAll = () => {
    memory.askFromUsd = usualAskFromUsd;
    control.value = String(usualAskFromUsd);
    reset();
  };
  return [row, buttonOf(texts.reset, 'text', resetAll)];
}

/** A model of the same engine has values of its own. */
const keyOf = ({ name, model }: EngineFacts) => (model === null ? name : `${name} ${model}`);

/** What people read: the engine, and its model. */
export const titleOf = ({ name, model }: EngineFacts): string =>
  model === null ? name : `${name}, ${model}`;

interface Building {
  readonly capabilities: Capabilities;
  readonly choice: Choice;
  readonly controls: Map<string, Control>;
  readonly values: Readonly<Record<string, string>>;
  readonly input: (name: string, value: string) => void;
}

function buildRows({ capabilities, choice, controls, values, input }: Building): Row[] {
  return shownNames(capabilities, choice).map((name) => {
    const schema = capabilities.fields.properties[name] ?? {};
    const control = controlOf(name, schema, values[name] ?? '');
    controls.set(name, control);
    control.addEventListener('input', () => input(name, control.value));
    const roll = () => {
      control.value = String(1 + Math.floor(Math.random() * (schema.maximum ?? 1e6)));
      input(name, control.value);
    };
    const dice = name === 'seed' ? iconButton({ icon: 'dice', label: texts.dice, press: roll }) : undefined;
    return { name, row: rowOf(name, control, { description: schema.description, beside: dice }) };
  });
}

/** What was chosen last, as far as the service still has it. */
function firstChoice({ engines, engine: configured }: Capabilities, memory: Memory): Choice {
  const engine =
    engines.find((each) => keyOf(each) === memory.engine) ??
    engines.find(({ name }) => name === configured) ??
    engines[0];
  if (engine === undefined) throw new Error('Expected an engine, got none');
  const mode = engine.modes.find((each) => each === memory.mode) ?? engine.modes[0];
  return { engine, mode: mode ?? 'removal' };
}

function engineFields(capabilities: Capabilities, { engine }: Pick<Choice, 'engine'>): Fields {
  const isConfigured = engine.name === capabilities.engine && engine.model === (capabilities.model ?? null);
  if (isConfigured) return {};
  return engine.model === null ? { engine: engine.name } : { model: engine.model };
}

function fieldsOf(
  capabilities: Capabilities,
  { engine, mode }: Choice,
  controls: ReadonlyMap<string, Control>,
): Fields {
  const filled = [...controls].filter(([, { value }]) => value.trim() !== '');
  return {
    ...engineFields(capabilities, { engine }),
    ...(mode !== 'removal' && { mode }),
    ...Object.fromEntries(filled.map(([name, { value }]) => [name, value])),
  };
}

interface Row {
  readonly name: string;
  readonly row: HTMLElement;
}

/** Where the rows go: some are seen at once, the others are folded. */
function createPlaces() {
  const label = texts.fields['mode'];
  const modes = el('div', { class: 'segments', attributes: { role: 'radiogroup', 'aria-label': label } });
  const body = el('div', { class: 'fields' });
  const folded = el('div', { class: 'fields' });
  const foot = el('div', { class: 'form-foot' });
  const more = el('details', { class: 'more' }, el('summary', { text: texts.more }), folded, foot);
  const show = (rows: readonly Row[], buttons: readonly HTMLElement[]) => {
    const isFirst = ({ name }: Row) => shownFirst.includes(name);
    body.replaceChildren(...rows.filter(isFirst).map(({ row }) => row));
    folded.replaceChildren(...rows.filter((row) => !isFirst(row)).map(({ row }) => row));
    modes.replaceChildren(...buttons);
    modes.hidden = buttons.length < 2;
  };
  return { elements: [modes, body, more], foot, show };
}

function engineSelect({ engines }: Capabilities, chosen: EngineFacts, choose: (engine: EngineFacts) => void) {
  if (engines.length < 2) return undefined;
  const options = engines.map((engine, index) =>
    el('option', { text: titleOf(engine), attributes: { value: String(index) } }),
  );
  const select = el('select', { attributes: { id: 'field-engine' } }, ...options);
  const show = (engine: EngineFacts) => {
    select.value = String(engines.indexOf(engine));
  };
  show(chosen);
  select.addEventListener('change', () => {
    const next = engines[Number(select.value)];
    if (next !== undefined) choose(next);
  });
  return { element: rowOf('engine', select, {}), select, show };
}

function modeButtons({ engine, mode }: Choice, choose: (next: Partial<Choice>) => void): HTMLElement[] {
  return engine.modes.map((each) => {
    const radio = el('input', {
      attributes: { type: 'radio', name: 'mode', value: each, checked: each === mode },
      on: { change: () => choose({ mode: each }) },
    });
    return el('label', {}, radio, el('span', { text: texts.modes[each] ?? each }));
  });
}

/** `negativePrompt` -> `Negative prompt`. */
function labelOf(name: string): string {
  const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return texts.fields[name] ?? words.charAt(0).toUpperCase() + words.slice(1);
}

function controlOf(name: string, schema: FieldSchema, value: string): Control {
  const attributes = {
    id: `field-${name}`,
    name,
    'aria-describedby': schema.description && `about-${name}`,
  };
  const words = schema.enum ?? (schema.type === 'boolean' ? ['true', 'false'] : undefined);
  if (words !== undefined) return el('select', { attributes }, ...choicesOf(name, words, { schema, value }));
  if (schema.type === 'integer' || schema.type === 'number') {
    return el('input', { attributes: { ...attributes, ...numberOf(schema), value } });
  }
  const maxlength = schema.maxLength?.toString();
  const area = el('textarea', { attributes: { ...attributes, rows: '2', maxlength } });
  area.value = value;
  return area;
}

/** What people read for a value of a field. */
function wordOf(name: string, value: string): string {
  const known = texts.values[value];
  if (known !== undefined || name !== 'language') return known ?? value;
  return new Intl.DisplayNames(language, { type: 'language' }).of(value) ?? value;
}

/** The default is the empty choice: it is not sent. */
function choicesOf(
  name: string,
  words: readonly string[],
  { schema, value }: { readonly schema: FieldSchema; readonly value: string },
): HTMLElement[] {
  const empty = schema.default === undefined ? texts.automatic : wordOf(name, String(schema.default));
  const labels = words.map((word) => wordOf(name, word));
  // Former names of a value mean the same as its new one.
  const others = words.filter(
    (word, at) => word !== schema.default && labels.indexOf(wordOf(name, word)) === at,
  );
  return [
    el('option', { text: empty, attributes: { value: '' } }),
    ...others.map((word) =>
      el('option', { text: wordOf(name, word), attributes: { value: word, selected: word === value } }),
    ),
  ];
}

const numberOf = ({ minimum, maximum, type, default: usual }: FieldSchema) => ({
  type: 'number',
  min: minimum?.toString(),
  max: maximum?.toString(),
  step: type === 'integer' ? '1' : 'any',
  placeholder: usual === undefined ? texts.automatic : String(usual),
});

interface Beside {
  readonly description?: string | undefined;
  /** A button right of the control. */
  readonly beside?: HTMLElement | undefined;
}

function rowOf(name: string, control: Control, { description, beside }: Beside): HTMLElement {
  const label = el('label', { text: labelOf(name), attributes: { for: control.id } });
  const isWide = control instanceof HTMLTextAreaElement;
  const own = texts.hints[name];
  const text = own ?? description?.replaceAll('`', '');
  // What the page has no words for is told in those of the service.
  const attributes = { id: `about-${name}`, lang: own === undefined ? 'en' : undefined };
  const hint = text && el('p', { class: 'hint', text, attributes });
  const place = beside === undefined ? control : el('div', { class: 'beside' }, control, beside);
  return el('div', { class: isWide ? 'field wide' : 'field' }, label, place, hint);
}
