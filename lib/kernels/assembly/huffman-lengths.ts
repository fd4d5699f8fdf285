/** Symbols at most, of the largest code of deflate. */
const symbolsMost: usize = 288;
/**
 * Scratch memory of {@link codeLengths}: used symbols by frequency, tree of the same size, counts by length.
 */
export const lengthsScratchBytes: usize = 4 * symbolsMost + 4 * symbolsMost + 4 * 64;
const treeAt: usize = 4 * symbolsMost;
const countsAt: usize = 8 * symbolsMost;
/** A pair of a frequency and a symbol in one number, so that sorting numbers sorts pairs. */
const symbolBits: u32 = 9;

/**
 * The lengths of the shortest prefix code for some frequencies, none above a limit.
 *
 * @param frequencies 32 bits for each symbol, below 2^22. At least two are above 0. @param lengths receives a
 * byte for each: bits, 0 = not used.
 * @param limit 7 to 15 bits. @param scratch `lengthsScratchBytes`.
 * @see Moffat and Katajainen, "In-Place Calculation of Minimum-Redundancy Codes", WADS 1995.
 */
export function codeLengths(
  frequencies: usize,
  lengths: usize,
  symbols: usize,
  limit: u32,
  scratch: usize,
): void {
  const count = collect(frequencies, symbols, scratch);
  sort(scratch, count);
  const tree = scratch + treeAt;
  for (let i: usize = 0; i < count; i++)
    store<u32>(tree + (i << 2), load<u32>(scratch + (i << 2)) >> symbolBits);
  joinRarest(tree, count);
  const counts = scratch + countsAt;
  memory.fill(counts, 0, 256);
  countDepths(tree, counts, count);
  limitCounts(counts, limit);
  memory.fill(lengths, 0, symbols);
  // The rarest come first and take the longest codes.
  let at = scratch;
  for (let length = limit; length > 0; length--) {
    for (let left = load<u32>(counts + (length << 2)); left > 0; left--) {
      store<u8>(lengths + (load<u32>(at) & ((1 << symbolBits) - 1)), length as u8);
      at += 4;
    }
  }
}

function collect(frequencies: usize, symbols: usize, to: usize): usize {
  let count: usize = 0;
  for (let symbol: usize = 0; symbol < symbols; symbol++) {
    const frequency = load<u32>(frequencies + (symbol << 2));
    if (frequency === 0) continue;
    store<u32>(to + (count << 2), (frequency << symbolBits) | (symbol as u32));
    count++;
  }
  return count;
}

/** Shell's sort, ascending. */
function sort(values: usize, count: usize): void {
  for (let gap: usize = 121; gap > 0; gap = (gap - 1) / 3) {
    for (let i = gap; i < count; i++) {
      const value = load<u32>(values + (i << 2));
      let at = i;
      for (; at >= gap && load<u32>(values + ((at - gap) << 2)) > value; at -= gap) {
        store<u32>(values + (at << 2), load<u32>(values + ((at - gap) << 2)));
      }
      store<u32>(values + (at << 2), value);
    }
  }
}

/** Frequencies, ascending -> for each inner node the number of its parent; the last is the root. */
function joinRarest(tree: usize, count: usize): void {
  let leaf: usize = 0;
  let root: usize = 0;
  for (let next: usize = 0; next + 1 < count; next++) {
    let sum: u32 = 0;
    for (let side = 0; side < 2; side++) {
      const isInner =
        leaf >= count || (root < next && load<u32>(tree + (root << 2)) < load<u32>(tree + (leaf << 2)));
      if (isInner) {
        sum += load<u32>(tree + (root << 2));
        store<u32>(tree + (root << 2), next as u32);
        root++;
      } else {
        sum += load<u32>(tree + (leaf << 2));
        leaf++;
      }
    }
    store<u32>(tree + (next << 2), sum);
  }
}

/** Parents of inner nodes -> how many leaves there are at each depth. */
function countDepths(tree: usize, counts: usize, count: usize): void {
  const root = count - 2;
  store<u32>(tree + (root << 2), 0);
  for (let node = (root as i32) - 1; node >= 0; node--) {
    const parent = load<u32>(tree + ((node as usize) << 2));
    store<u32>(tree + ((node as usize) << 2), load<u32>(tree + (parent << 2)) + 1);
  }
  let places: u32 = 1;
  let node = root as i32;
  for (let depth: u32 = 0; places > 0; depth++) {
    let inner: u32 = 0;
    for (; node >= 0 && load<u32>(tree + ((node as usize) << 2)) === depth; node--) inner++;
    // No tree of fewer than 2^22 of anything is deeper than this.
    store<u32>(
      counts + (min<u32>(depth, 63) << 2),
      load<u32>(counts + (min<u32>(depth, 63) << 2)) + places - inner,
    );
    places = 2 * inner;
  }
}

/** Shortens codes above the limit, and lengthens others until all fit again. */
function limitCounts(counts: usize, limit: u32): void {
  const longest = counts + (limit << 2);
  for (let length = limit + 1; length < 64; length++) {
    store<u32>(longest, load<u32>(longest) + load<u32>(counts + (length << 2)));
  }
  let used: u32 = 0;
  for (let length: u32 = 1; length <= limit; length++)
    used += load<u32>(counts + (length << 2)) << (limit - length);
  for (; used > 1 << limit; used--) {
    store<u32>(longest, load<u32>(longest) - 1);
    let length = limit - 1;
    while (load<u32>(counts + (length << 2)) === 0) length--;
    const at = counts + (length << 2);
    store<u32>(at, load<u32>(at) - 1);
    store<u32>(at, load<u32>(at, 4) + 2, 4);
  }
}
