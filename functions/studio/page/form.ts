import type { Capabilities, EngineFacts, FieldSchema, Fields } from './api.ts';
import { el } from './dom.ts';
import { texts } from './texts.en.ts';

/** What people choose beside the mask. It is made from the schema of requests and what the engine can do. */
export interface Form {
  readonly element: HTMLElement;
  /** As a form sends them; what is left at its default is left out. */
  readonly fields: () => Fields;
  readonly engine: () => EngineFacts;
  /** @returns the control of a field, if it is shown. */
  readonly control: (name: string) => HTMLElement | undefined;
  readonly set: (name: string, value: string) => void;
}

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

/** Options that this service works on itself, with every engine. */
const ofService = ['featherPx', 'dilationPx', 'outputFormat', 'outputQuality', 'jpegBlocks', 'effects'];
/** Options under another name in the capabilities of an engine. */
const optionOf: Readonly<Record<string, string>> = {
  modelFormat: 'replyFormat',
  modelQuality: 'replyFormat',
};
/** Shown at once; all others are folded away. */
const shownFirst = ['prompt', 'samples', 'featherPx'];
/** Set elsewhere on the page, or with nothing that people could type. */
const elsewhere = [
  'mode',
  'engine',
  'model',
  'maskMode',
  'maskClasses',
  'maskPrompt',
  'labels',
  'polarity',
  'detail',
];

interface Choice {
  readonly engine: EngineFacts;
  readonly mode: string;
}

function isShown(name: string, { engine, mode }: Choice): boolean {
  if (elsewhere.includes(name)) return false;
  if (ofService.includes(name)) return true;
  const option = engine.options[optionOf[name] ?? name];
  return option !== undefined && (option.insertionOnly !== true || mode === 'insertion');
}

/** The names of the fields of a form. */
export const shownNames = ({ fields }: Pick<Capabilities, 'fields'>, choice: Choice): string[] =>
  Object.keys(fields.properties).filter((name) => isShown(name, choice));

export function createForm(capabilities: Capabilities, onChange: () => void): Form {
  const controls = new Map<string, Control>();
  const values = new Map<string, string>();
  let choice = firstChoice(capabilities);
  const places = createPlaces();
  const build = () => {
    controls.clear();
    const rows = shownNames(capabilities, choice).map((name) => {
      const schema = capabilities.fields.properties[name] ?? {};
      const control = controlOf(name, schema, values.get(name) ?? '');
      controls.set(name, control);
      control.addEventListener('input', () => {
        values.set(name, control.value);
        onChange();
      });
      return { name, row: rowOf(name, control, schema) };
    });
    places.show(rows, modeButtons(choice, choose));
  };
  const choose = (next: Partial<Choice>) => {
    const { engine, mode } = { ...choice, ...next };
    choice = { engine, mode: engine.modes.includes(mode) ? mode : (engine.modes[0] ?? mode) };
    build();
    onChange();
  };
  const engines = engineSelect(capabilities, (engine) => choose({ engine }));
  build();
  return {
    element: el('div', { class: 'form' }, engines, ...places.elements),
    fields: () => fieldsOf(capabilities, choice, controls),
    engine: () => choice.engine,
    control: (name) => controls.get(name),
    set: (name, value) => {
      values.set(name, value);
      build();
      onChange();
    },
  };
}

function firstChoice({ engines, engine: configured }: Capabilities): Choice {
  const engine = engines.find(({ name }) => name === configured) ?? engines[0];
  if (engine === undefined) throw new Error('Expected an engine, got none');
  return { engine, mode: engine.modes[0] ?? 'removal' };
}

function fieldsOf(
  capabilities: Capabilities,
  { engine, mode }: Choice,
  controls: ReadonlyMap<string, Control>,
): Fields {
  const filled = [...controls].filter(([, { value }]) => value.trim() !== '');
  return {
    ...(engine.name !== capabilities.engine && { engine: engine.name }),
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
  const more = el('details', { class: 'more' }, el('summary', { text: texts.more }), folded);
  const show = (rows: readonly Row[], buttons: readonly HTMLElement[]) => {
    const isFirst = ({ name }: Row) => shownFirst.includes(name);
    body.replaceChildren(...rows.filter(isFirst).map(({ row }) => row));
    folded.replaceChildren(...rows.filter((row) => !isFirst(row)).map(({ row }) => row));
    modes.replaceChildren(...buttons);
    modes.hidden = buttons.length < 2;
  };
  return { elements: [modes, body, more], show };
}

function engineSelect(
  { engines, engine }: Capabilities,
  choose: (engine: EngineFacts) => void,
): HTMLElement | undefined {
  if (engines.length < 2) return undefined;
  const options = engines.map(({ name, model }, index) =>
    el('option', {
      text: model === null ? name : `${name}, ${model}`,
      attributes: { value: String(index), selected: name === engine },
    }),
  );
  const select = el('select', { attributes: { id: 'field-engine' } }, ...options);
  select.addEventListener('change', () => {
    const chosen = engines[Number(select.value)];
    if (chosen !== undefined) choose(chosen);
  });
  return rowOf('engine', select, {});
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
  if (words !== undefined) return el('select', { attributes }, ...choicesOf(words, schema, value));
  if (schema.type === 'integer' || schema.type === 'number') {
    return el('input', { attributes: { ...attributes, ...numberOf(schema), value } });
  }
  const maxlength = schema.maxLength?.toString();
  const area = el('textarea', { attributes: { ...attributes, rows: '2', maxlength } });
  area.value = value;
  return area;
}

/** The default is the empty choice: it is not sent. */
function choicesOf(words: readonly string[], schema: FieldSchema, value: string): HTMLElement[] {
  const empty = schema.default === undefined ? texts.automatic : String(schema.default);
  const others = words.filter((word) => word !== schema.default);
  return [
    el('option', { text: empty, attributes: { value: '' } }),
    ...others.map((word) =>
      el('option', { text: word, attributes: { value: word, selected: word === value } }),
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

function rowOf(name: string, control: Control, { description }: FieldSchema): HTMLElement {
  const label = el('label', { text: labelOf(name), attributes: { for: control.id } });
  const isWide = control instanceof HTMLTextAreaElement;
  const text = description?.replaceAll('`', '');
  const hint = text && el('p', { class: 'hint', text, attributes: { id: `about-${name}` } });
  return el('div', { class: isWide ? 'field wide' : 'field' }, label, control, hint);
}
