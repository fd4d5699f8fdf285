/** UTF-16 puts surrogates below U+E000 to U+FFFF; UTF-8, and so Cloud Storage, puts them above. */
const rank = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);

/** Orders names by their UTF-8 bytes without encoding them. */
export function compareNames(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = a.charCodeAt(i) - b.charCodeAt(i);
    if (difference !== 0) return rank(a.charCodeAt(i)) - rank(b.charCodeAt(i));
  }
  return a.length - b.length;
}

/** Names kept in order, so that a page of a listing costs a search and not a sort. */
export interface SortedNames {
  add(name: string): void;
  delete(name: string): void;
  at(index: number): string | undefined;
  /** The index of the first name for which `isAtOrAfter` holds; names before it must not hold. */
  search(isAtOrAfter: (name: string) => boolean): number;
}

export function sortedNames(initial: Iterable<string> = []): SortedNames {
  const names = [...initial].sort(compareNames);
  const search = (isAtOrAfter: (name: string) => boolean): number => {
    let low = 0;
    let high = names.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isAtOrAfter(names[middle]!)) high = middle;
      else low = middle + 1;
    }
    return low;
  };
  const indexOf = (name: string): number => search((other) => compareNames(other, name) >= 0);
  return {
    search,
    at: (index) => names[index],
    add: (name) => {
      const index = indexOf(name);
      if (names[index] !== name) names.splice(index, 0, name);
    },
    delete: (name) => {
      const index = indexOf(name);
      if (names[index] === name) names.splice(index, 1);
    },
  };
}
