/** A typing error changes at most one letter in three. */
const lettersPerChange = 3;

/**
 * The name that was probably meant; `undefined` when none is near. Case, hyphens and underscores make no
 * difference: `feather-px` is `featherPx`.
 */
function nearest(name: string, names: readonly string[]): string | undefined {
  const wanted = plain(name);
  const ranked = names
    .map((each) => ({ each, changes: changesBetween(wanted, plain(each)) }))
    .sort((a, b) => a.changes - b.changes);
  const [best] = ranked;
  return best !== undefined && best.changes <= Math.floor(wanted.length / lettersPerChange)
    ? best.each
    : undefined;
}

/** ` (did you mean featherPx?)`, or nothing. */
export function meant(name: string, names: readonly string[]): string {
  const best = nearest(name, names);
  return best === undefined ? '' : ` (did you mean ${best}?)`;
}

const maxChars = 60;
const plain = (name: string) => name.slice(0, maxChars).toLowerCase().replace(/[-_]/g, '');

/** Letters to add, take away or replace. @see Levenshtein 1966 */
function changesBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const replaced = (row[j] ?? 0) + (b[j] === letter ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
