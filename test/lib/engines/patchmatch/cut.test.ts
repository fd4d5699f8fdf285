import { describe, expect, it } from 'vitest';
import { type Graph, minimumCut } from '../../../../lib/engines/patchmatch/cut.ts';
import { random } from '../../../support/pictures.ts';

function graphOf(width: number, height: number, next: () => number): Graph {
  const count = width * height;
  const neighbours = new Int32Array(4 * count).fill(-1);
  for (let node = 0; node < count; node++) {
    const x = node % width;
    if (x < width - 1) neighbours[4 * node] = node + 1;
    if (x > 0) neighbours[4 * node + 1] = node - 1;
    if (node + width < count) neighbours[4 * node + 2] = node + width;
    if (node >= width) neighbours[4 * node + 3] = node - width;
  }
  return {
    neighbours,
    capacities: neighbours.map((other) => (other < 0 ? 0 : Math.floor(20 * next()))),
    terminals: Int32Array.from({ length: count }, () => Math.floor(41 * next()) - 20),
  };
}

/** What flows from the side of the source (0) to that of the sink (1). */
function costOf({ neighbours, capacities, terminals }: Graph, isSink: (node: number) => boolean): number {
  let cost = 0;
  terminals.forEach((flow, node) => {
    if (isSink(node) === flow > 0) cost += Math.abs(flow);
    for (let edge = 4 * node; edge < 4 * node + 4; edge++) {
      const other = neighbours[edge]!;
      if (other >= 0 && !isSink(node) && isSink(other)) cost += capacities[edge]!;
    }
  });
  return cost;
}

describe('minimumCut', () => {
  it('is the best of all cuts, among equals the one with the fewest nodes at the sink', () => {
    const next = random(7);
    for (let n = 0; n < 300; n++) {
      const graph = graphOf(1 + (n % 4), 1 + (n % 3), next);
      const count = graph.terminals.length;
      const costs = Array.from({ length: 1 << count }, (_, cut) =>
        costOf(graph, (node) => ((cut >> node) & 1) === 1),
      );
      const sides = minimumCut({
        ...graph,
        capacities: graph.capacities.slice(),
        terminals: graph.terminals.slice(),
      });
      const atSink = sides.reduce((cut, side, node) => cut | (side << node), 0);
      const least = Math.min(...costs);
      expect(costs[atSink]).toBe(least);
      const lacking = costs.filter((cost, cut) => cost === least && (cut & atSink) !== atSink);
      expect(lacking).toEqual([]);
    }
  });
});
