/** A graph of nodes with up to four neighbours each. The cut writes its capacities and terminals. */
export interface Graph {
  /** Four a node: its neighbours to the right, left, below and above; -1 where there is none. */
  readonly neighbours: Int32Array;
  /** Four a node: what may flow to that neighbour. */
  readonly capacities: Int32Array;
  /** What may flow from the source to each node, or below 0 from the node to the sink. */
  readonly terminals: Int32Array;
}

const free = 0;
const fromSource = 1;
const toSink = 2;
/** Parents beside the four directions: a terminal, and none. */
const terminal = 4;
const orphaned = 5;

/** Two trees of nodes that grow from the terminals until they meet. */
interface Trees extends Graph {
  /** The tree of each node. */
  readonly trees: Uint8Array;
  /** The direction from each node to its parent. */
  readonly parents: Uint8Array;
  /** Steps to the terminal, and when they were counted. */
  readonly depths: Int32Array;
  readonly stamps: Int32Array;
  /** Nodes at which trees may grow, and whether each is among them. */
  readonly active: number[];
  readonly isActive: Uint8Array;
  /** Nodes that lost their parent. */
  readonly orphans: number[];
  time: number;
}

/**
 * Cuts a graph in two parts at the least capacity. Among equal cuts it takes the one with the fewest nodes on
 * the side of the sink.
 *
 * @returns 1 for each node on the side of the sink.
 * @see Boykov and Kolmogorov, "An experimental comparison of min-cut/max-flow algorithms", PAMI 2004.
 */
export function minimumCut(graph: Graph): Uint8Array {
  const trees = treesOf(graph);
  const { active, isActive } = trees;
  for (let head = 0; head < active.length; head++) {
    const node = active[head]!;
    isActive[node] = 0;
    for (let side = grow(trees, node); side >= 0; side = grow(trees, node)) {
      trees.time++;
      augment(trees, node, side);
      adoptAll(trees);
    }
  }
  return trees.trees.map((tree) => (tree === toSink ? 1 : 0));
}

function treesOf(graph: Graph): Trees {
  const count = graph.terminals.length;
  const trees: Trees = {
    ...graph,
    trees: new Uint8Array(count),
    parents: new Uint8Array(count).fill(orphaned),
    depths: new Int32Array(count).fill(1),
    stamps: new Int32Array(count),
    active: [],
    isActive: new Uint8Array(count),
    orphans: [],
    time: 0,
  };
  for (let node = 0; node < count; node++) {
    const flow = graph.terminals[node]!;
    if (flow === 0) continue;
    trees.trees[node] = flow > 0 ? fromSource : toSink;
    trees.parents[node] = terminal;
    activate(trees, node);
  }
  return trees;
}

function activate({ active, isActive }: Trees, node: number): void {
  if (isActive[node]) return;
  isActive[node] = 1;
  active.push(node);
}

/**
 * Adds the free neighbours of a node to its tree. @returns the side at which it meets the other one, or -1.
 */
function grow(all: Trees, node: number): number {
  const { neighbours, trees, parents, stamps, depths } = all;
  const tree = trees[node]!;
  if (tree === free) return -1;
  for (let side = 0; side < 4; side++) {
    const other = neighbours[4 * node + side]!;
    if (other < 0 || trees[other] === tree) continue;
    if (openAway(all, node, side, tree) === 0) continue;
    if (trees[other] !== free) return side;
    trees[other] = tree;
    parents[other] = side ^ 1;
    stamps[other] = stamps[node]!;
    depths[other] = depths[node]! + 1;
    activate(all, other);
  }
  return -1;
}

/**
 * The edge along which a tree reaches from a node to its neighbour: flow goes from the source, to the sink.
 */
function edgeAway({ neighbours }: Trees, node: number, side: number, tree: number): number {
  return tree === fromSource ? 4 * node + side : 4 * neighbours[4 * node + side]! + (side ^ 1);
}

const openAway = (all: Trees, node: number, side: number, tree: number): number =>
  all.capacities[edgeAway(all, node, side, tree)]!;

/** Sends as much as can flow over one meeting of the trees. */
function augment(all: Trees, node: number, side: number): void {
  const { neighbours, capacities, trees } = all;
  const other = neighbours[4 * node + side]!;
  const edge = edgeAway(all, node, side, trees[node]!);
  const back = edge === 4 * node + side ? 4 * other + (side ^ 1) : 4 * node + side;
  const flow = Math.min(capacities[edge]!, mostFlow(all, node), mostFlow(all, other));
  capacities[edge]! -= flow;
  capacities[back]! += flow;
  send(all, node, flow);
  send(all, other, flow);
}

/** What can flow between a node and its terminal. */
function mostFlow(all: Trees, from: number): number {
  const { neighbours, parents, trees, terminals } = all;
  let most = Number.POSITIVE_INFINITY;
  let node = from;
  while (parents[node] !== terminal) {
    const side = parents[node]!;
    const parent = neighbours[4 * node + side]!;
    most = Math.min(most, openAway(all, parent, side ^ 1, trees[node]!));
    node = parent;
  }
  return Math.min(most, Math.abs(terminals[node]!));
}

/** Sends flow between a node and its terminal. What is used up makes orphans. */
function send(all: Trees, from: number, flow: number): void {
  const { neighbours, parents, trees, terminals, capacities } = all;
  let node = from;
  while (parents[node] !== terminal) {
    const side = parents[node]!;
    const parent = neighbours[4 * node + side]!;
    const edge = edgeAway(all, parent, side ^ 1, trees[node]!);
    const back = edge === 4 * node + side ? 4 * parent + (side ^ 1) : 4 * node + side;
    capacities[edge]! -= flow;
    capacities[back]! += flow;
    if (capacities[edge] === 0) loseParent(all, node);
    node = parent;
  }
  terminals[node]! -= terminals[node]! > 0 ? flow : -flow;
  if (terminals[node] === 0) loseParent(all, node);
}

function loseParent({ parents, orphans }: Trees, node: number): void {
  parents[node] = orphaned;
  orphans.push(node);
}

function adoptAll(all: Trees): void {
  const { orphans } = all;
  for (let n = 0; n < orphans.length; n++) adopt(all, orphans[n]!);
  orphans.length = 0;
}

/** Finds another parent in the same tree, the nearest to the terminal; else the node is free. */
function adopt(all: Trees, node: number): void {
  const { neighbours, trees, parents, stamps, depths, time } = all;
  const tree = trees[node]!;
  let best = -1;
  let least = Number.POSITIVE_INFINITY;
  for (let side = 0; side < 4; side++) {
    if (!isParent(all, node, side)) continue;
    const depth = depthOf(all, neighbours[4 * node + side]!);
    if (depth >= least) continue;
    best = side;
    least = depth;
  }
  if (best < 0) {
    release(all, node, tree);
    return;
  }
  parents[node] = best;
  stamps[node] = time;
  depths[node] = least + 1;
}

/** True where the neighbour is in the same tree, and something may flow between both. */
function isParent(all: Trees, node: number, side: number): boolean {
  const other = all.neighbours[4 * node + side]!;
  const tree = all.trees[node]!;
  return other >= 0 && all.trees[other] === tree && openAway(all, other, side ^ 1, tree) > 0;
}

function release(all: Trees, node: number, tree: number): void {
  const { neighbours, trees, parents } = all;
  for (let side = 0; side < 4; side++) {
    const other = neighbours[4 * node + side]!;
    if (other < 0 || trees[other] !== tree) continue;
    if (isParent(all, node, side)) activate(all, other);
    if (parents[other] === (side ^ 1)) loseParent(all, other);
  }
  trees[node] = free;
}

/** Steps from a node to its terminal; infinite where it hangs on an orphan. Notes them on the way. */
function depthOf({ neighbours, parents, stamps, depths, time }: Trees, from: number): number {
  let steps = 0;
  let node = from;
  while (stamps[node] !== time && parents[node]! < terminal) {
    node = neighbours[4 * node + parents[node]!]!;
    steps++;
  }
  if (parents[node] === orphaned) return Number.POSITIVE_INFINITY;
  if (stamps[node] !== time) {
    stamps[node] = time;
    depths[node] = 1;
  }
  const depth = depths[node]! + steps;
  let left = depth;
  for (node = from; stamps[node] !== time; node = neighbours[4 * node + parents[node]!]!) {
    stamps[node] = time;
    depths[node] = left--;
  }
  return depth;
}
