import { hasEnded, type Mischief, movesOf, type SeededBug, startWorld, type World } from './claim-model.ts';

interface Exploration {
  readonly states: number;
  /** The steps to the first violation, then the violation. */
  readonly trace: readonly string[] | undefined;
  /** States from which no end can be reached any more. */
  readonly stuck: number;
}

/** Searches all reachable worlds breadth first, so that a trace is a shortest one. */
export function explore(workers: number, mischief: Mischief, bug?: SeededBug): Exploration {
  const worlds: World[] = [startWorld(workers, mischief)];
  const numbers = new Map<string, number>([[keyOf(worlds[0]!), 0]]);
  const cameFrom: { readonly from: number; readonly by: string }[] = [{ from: -1, by: '' }];
  const predecessors: number[][] = [[]];
  for (let at = 0; at < worlds.length; at++) {
    const world = worlds[at]!;
    if (world.violation !== undefined) {
      return { states: worlds.length, trace: [...traceTo(at, cameFrom), world.violation], stuck: 0 };
    }
    for (const { name, world: next } of movesOf(world, bug)) {
      const key = keyOf(next);
      let number = numbers.get(key);
      if (number === undefined) {
        number = worlds.length;
        numbers.set(key, number);
        worlds.push(next);
        cameFrom.push({ from: at, by: name });
        predecessors.push([]);
      }
      predecessors[number]!.push(at);
    }
  }
  return { states: worlds.length, trace: undefined, stuck: countStuck(worlds, predecessors) };
}

function traceTo(at: number, cameFrom: readonly { readonly from: number; readonly by: string }[]): string[] {
  const steps: string[] = [];
  for (let step = at; step > 0; step = cameFrom[step]!.from) steps.unshift(cameFrom[step]!.by);
  return steps;
}

/** Counts the worlds that no path leads from to a world whose job has ended. */
function countStuck(worlds: readonly World[], predecessors: readonly (readonly number[])[]): number {
  const canEnd = new Uint8Array(worlds.length);
  const queue = worlds.flatMap((world, at) => (hasEnded(world) ? [at] : []));
  for (const at of queue) canEnd[at] = 1;
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for (const before of predecessors[next]!) {
      if (canEnd[before] === 1) continue;
      canEnd[before] = 1;
      queue.push(before);
    }
  }
  return worlds.length - canEnd.reduce((sum, one) => sum + one, 0);
}

/**
 * Equal for worlds that differ only in names: nonces are renamed in order of appearance, a version is only
 * current or not, and the order of workers does not count.
 */
function keyOf(world: World): string {
  const { workers, version, nonces: _, next, ...rest } = world;
  const versions = [version, next?.version];
  const lines = workers
    .map((worker) => `${textOf(worker)}${worker.version === versions[worker.round]}`)
    .sort();
  const names = new Map<string, string>();
  return `${JSON.stringify([rest, next && { ...next, version: 0 }])}${lines.join('')}`.replaceAll(
    /"n\d+"/g,
    (nonce) => {
      if (!names.has(nonce)) names.set(nonce, `#${names.size}`);
      return names.get(nonce)!;
    },
  );
}

const texts = new WeakMap<object, string>();

function textOf(worker: World['workers'][number]): string {
  let text = texts.get(worker);
  if (text === undefined) {
    text = JSON.stringify({ ...worker, version: 0 });
    texts.set(worker, text);
  }
  return text;
}
