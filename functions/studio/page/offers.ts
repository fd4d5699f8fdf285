import type { Capabilities, EngineFacts } from './answers.ts';

/** What is offered follows from what the service says it can. */

/** Options that this service works on itself, with every engine. */
const ofService = ['featherPx', 'dilationPx', 'outputFormat', 'outputQuality', 'jpegBlocks'];
/** Options under another name in the capabilities of an engine. */
const optionOf: Readonly<Record<string, string>> = {
  modelFormat: 'replyFormat',
  modelQuality: 'replyFormat',
  effects: 'includesEffects',
};
/** Set elsewhere on the page, or with nothing that people could type. */
const elsewhere = [
  'mode',
  'only',
  'engine',
  'model',
  'maskMode',
  'maskClasses',
  'maskPrompt',
  'labels',
  'polarity',
  'detail',
];

export interface Choice {
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

/** In this order. `interactive` takes what was painted for a rough stroke. */
const order = ['people', 'foreground', 'background', 'semantic', 'prompt', 'interactive'];

/** What the finders of an engine can find together. */
export function offeredBy({ finders = [] }: Pick<Capabilities, 'finders'>, engine: EngineFacts) {
  const able = finders.filter(({ name }) => engine.finders?.includes(name) ?? false);
  const modes = order.filter((mode) => able.some((finder) => finder.modes.includes(mode)));
  const classes = able.find((finder) => finder.classes.length > 0)?.classes ?? [];
  return { modes, classes };
}
