import { EditError } from '../errors.ts';

/** What an engine takes for one option: checked before anything is sent, and printed in the parameter table. */
export interface OptionRule {
  /** Smallest and largest value, both included. */
  readonly range?: readonly [number, number];
  readonly values?: readonly string[];
  /** What the engine sends, or its API assumes, when the option is left out. */
  readonly default?: string | number | boolean;
  readonly note?: string;
}

/** Option name -> how the engine takes it; an option that is missing here is ignored, with a warning. */
export type Honours<Name extends string = string> = Readonly<Partial<Record<Name, OptionRule>>>;

/**
 * Checks every option that was given against what an engine honours.
 *
 * @returns a sentence for each option the engine ignores.
 * @throws {EditError} `REQUEST_INVALID` naming option, range and engine.
 */
export function checkOptions(
  engine: string,
  options: Readonly<Record<string, unknown>>,
  honours: Honours,
): readonly string[] {
  const warnings: string[] = [];
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const rule = honours[name];
    if (rule === undefined) warnings.push(`${engine} does not take ${name}: it was left out.`);
    else checkValue(engine, name, value, rule);
  }
  return warnings;
}

function checkValue(engine: string, name: string, value: unknown, rule: OptionRule): void {
  const { range, values } = rule;
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
