import { z } from 'zod';
import { EditError } from '../errors.ts';

/** A request is two levels deep; more than this only strains whoever walks it. */
const maxJsonDepth = 16;

/** JSON text -> its value, of a sender who is trusted: no limits. */
export const jsonText = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue('expected JSON');
    return z.NEVER;
  }
});

/**
 * JSON text -> its value.
 *
 * @param what names it in the message, e.g. `the request file`.
 * @throws {EditError} `REQUEST_INVALID` when it is no JSON, or what `assertPlain` refuses.
 */
export function parseJson(text: string, what: string): unknown {
  const value = parsed(text, what);
  assertPlain(value);
  return value;
}

function parsed(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // Without its cause: the message of the parser quotes the text.
    const got = `text that is not JSON${faultOf(error)}`;
    throw new EditError('REQUEST_INVALID', `Expected ${what} to be JSON in UTF-8, got ${got}`);
  }
}

/** ` (line 1 column 3)`, or the one sign that the parser did not expect. */
function faultOf(error: unknown): string {
  const said = error instanceof Error ? error.message : '';
  const fault = /line \d+ column \d+(?=\)$)|(?<=^Un)expected (?:token '.'|end)/su.exec(said)?.[0];
  return fault === undefined ? '' : ` (${fault.replace('expected', 'unexpected')})`;
}

/**
 * Walks a value without recursion.
 *
 * @throws {EditError} `REQUEST_INVALID` when it is nested too deep, or has a member `__proto__`.
 */
export function assertPlain(value: unknown): void {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    const inner = level.filter((item) => typeof item === 'object' && item !== null) as object[];
    if (depth >= maxJsonDepth && inner.length > 0) {
      throw new EditError('REQUEST_INVALID', `Expected JSON of at most ${maxJsonDepth} levels, got more`);
    }
    if (inner.some((item) => Object.hasOwn(item, '__proto__'))) {
      throw new EditError('REQUEST_INVALID', 'Expected no member __proto__, got one');
    }
    level = inner.flatMap((item) => Object.values(item));
  }
}
