import { EditError } from '../errors.ts';
import { maxMaskClasses } from '../requests/mask-classes.ts';
import { type EngineField, engineFields } from '../requests/schema.ts';
import type { CheckedRequest, InpaintMode } from './engine.ts';
import type { ModelEntry } from './model-entry.ts';
import type { GenerateRequest } from './picture-engines.ts';

/** How an engine takes one option: checked before anything is sent, printed in the parameter table. */
export interface OptionRule {
  /** Smallest and largest value, both included. */
  readonly range?: readonly [number, number];
  readonly values?: readonly string[];
  /** What the engine sends, or its API assumes, when the option is left out. */
  readonly default?: string | number | boolean;
  /** The API has the option for insertions only: it is left out of removals, with a warning. */
  readonly insertionOnly?: boolean;
  readonly note?: string;
}

/** Option -> how the engine takes it. An option that is missing is left out, with a warning. */
export type OptionRules<Name extends string = string> = Readonly<Partial<Record<Name, OptionRule>>>;

/** The options of an edit that an engine may or may not take, by their names in `InpaintRequest`. */
const editOptionNames = engineFields('edit');
type EditOptionName = EngineField<'edit'>;

/** What an engine can do; everything else is refused by name, or left out with a warning. */
export interface Capabilities {
  readonly modes: readonly InpaintMode[];
  /** Does the API take a mask, or must the region be marked in a picture and described? */
  readonly masks: 'native' | 'described';
  /** HTTP calls one candidate may take, each billed; 0 for an embedded engine. */
  readonly maxCallsPerSample: number;
  /** Options of an edit. */
  readonly options: OptionRules<EditOptionName>;
  /** Options of text to image, narrowed by the entry of a model; `undefined` where the engine has none. */
  readonly generate?: (entry?: ModelEntry) => OptionRules<keyof GenerateRequest>;
}

/**
 * Refuses by name what an engine cannot do, before anything is sent.
 *
 * @returns a sentence for each option that is left out.
 * @throws {EditError} `ENGINE_UNSUPPORTED` for an automatic mask the engine does not have,
 *   `MASK_MISSING`, `REQUEST_INVALID` for a value out of range or two that contradict each other.
 */
export function checkEditRequest(
  engine: string,
  request: CheckedRequest,
  { options, maxCallsPerSample }: Capabilities,
): readonly string[] {
  checkMask(engine, request, options);
  if (request.mode === 'insertion' && !request.prompt?.trim()) {
    throw new EditError(
      'REQUEST_INVALID',
      `Expected a prompt that says what ${engine} shall insert, got none`,
    );
  }
  // An embedded engine adds no watermark and gives no scores: `false` is what it does.
  const isGiven = (value: unknown) => value !== undefined && (value !== false || maxCallsPerSample > 0);
  const given = editOptionNames.filter((name) => isGiven(request[name]));
  const valueFor = (name: EditOptionName) =>
    name === 'automaticMask' ? request.automaticMask?.mode : request[name];
  const values = Object.fromEntries(given.map((name) => [name, valueFor(name)]));
  const warnings = checkOptions(engine, values, options);
  if (request.mode === 'insertion') return warnings;
  const idle = given.filter((name) => options[name]?.insertionOnly);
  return [
    ...warnings,
    ...idle.map((name) => `${engine} takes ${name} for insertions only: it was left out.`),
  ];
}

/**
 * Checks the options that are given against the rules of an engine.
 *
 * @returns a sentence for each option that is left out.
 * @throws {EditError} `REQUEST_INVALID` naming option, range and engine.
 */
export function checkOptions(
  engine: string,
  given: Readonly<Record<string, unknown>>,
  rules: OptionRules,
): readonly string[] {
  checkWatermark(engine, given, rules);
  const warnings: string[] = [];
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const rule = rules[name];
    if (rule === undefined) warnings.push(`${engine} does not take ${name}: it was left out.`);
    else checkValue(engine, name, value, rule);
  }
  return warnings;
}

function checkValue(engine: string, name: string, value: unknown, { range, values }: OptionRule): void {
  if (range !== undefined && (typeof value !== 'number' || !(value >= range[0] && value <= range[1]))) {
    throw new EditError(
      'REQUEST_INVALID',
      `Expected ${name} of ${range[0]}..${range[1]} for ${engine}, got ${value}`,
    );
  }
  if (values !== undefined && !values.includes(String(value))) {
    throw new EditError(
      'REQUEST_INVALID',
      `Expected ${name} to be ${values.join(', ')} for ${engine}, got another`,
    );
  }
}

/** A seed and the watermark exclude each other at the models that have both. */
function checkWatermark(engine: string, given: Readonly<Record<string, unknown>>, rules: OptionRules): void {
  const takesBoth = rules['seed'] !== undefined && rules['addWatermark'] !== undefined;
  if (!takesBoth || given['seed'] === undefined || given['addWatermark'] === false) return;
  throw new EditError(
    'REQUEST_INVALID',
    `Expected addWatermark false beside a seed, as ${engine} takes a seed only without its watermark`,
  );
}

function checkMask(engine: string, request: CheckedRequest, options: OptionRules<EditOptionName>): void {
  const { mask, automaticMask } = request;
  if (automaticMask === undefined) {
    if (mask === undefined) throw new EditError('MASK_MISSING', `Expected a mask for ${engine}, got none`);
    return;
  }
  const { mode, classes = [] } = automaticMask;
  if (!options.automaticMask?.values?.includes(mode)) {
    throw new EditError(
      'ENGINE_UNSUPPORTED',
      `Expected a mask, as ${engine} cannot find the ${mode} by itself: send one, or choose gemini or imagen`,
    );
  }
  if (mask !== undefined) {
    throw new EditError('REQUEST_INVALID', `Expected a mask or an automatic mask for ${engine}, got both`);
  }
  const [least, most] = mode === 'semantic' ? [1, maxMaskClasses] : [0, 0];
  if (classes.length >= least && classes.length <= most) return;
  const expected = mode === 'semantic' ? `${least} to ${most}` : 'no';
  throw new EditError(
    'REQUEST_INVALID',
    `Expected ${expected} mask classes for ${mode} at ${engine}, got ${classes.length}`,
  );
}
