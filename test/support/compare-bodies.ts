/** Where two JSON bodies meet and part, by path. */
export interface Comparison {
  /** Set by both, with different values. */
  readonly differing: readonly string[];
  readonly onlyFirst: readonly string[];
  readonly onlySecond: readonly string[];
}

/**
 * Compares every leaf of two bodies. Words in `anyCase` fields are equal in capitals and small letters.
 *
 * A path reads `parameters.editConfig.baseSteps`; the places of a list are named `[0]`.
 */
export function compareBodies(
  first: unknown,
  second: unknown,
  anyCase: ReadonlySet<string> = new Set(),
): Comparison {
  const [a, b] = [leavesOf(first), leavesOf(second)];
  const isEqual = (path: string): boolean => {
    const [mine, yours] = [a.get(path), b.get(path)];
    if (mine === yours) return true;
    const field = path.slice(path.lastIndexOf('.') + 1);
    return (
      anyCase.has(field) &&
      typeof mine === 'string' &&
      typeof yours === 'string' &&
      mine.toLowerCase() === yours.toLowerCase()
    );
  };
  return {
    differing: [...a.keys()].filter((path) => b.has(path) && !isEqual(path)).toSorted(),
    onlyFirst: [...a.keys()].filter((path) => !b.has(path)).toSorted(),
    onlySecond: [...b.keys()].filter((path) => !a.has(path)).toSorted(),
  };
}

function leavesOf(value: unknown, path = '', leaves = new Map<string, unknown>()): Map<string, unknown> {
  if (value === null || typeof value !== 'object') {
    leaves.set(path, value);
    return leaves;
  }
  for (const [key, child] of Object.entries(value)) {
    const step = Array.isArray(value) ? `[${key}]` : `.${key}`;
    leavesOf(child, `${path}${step}`.replace(/^\./, ''), leaves);
  }
  return leaves;
}
