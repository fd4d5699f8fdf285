import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repository } from '../support/packed.ts';
import { bugs } from './bugs.ts';
import { simulated } from './simulated.ts';

const seeds = 40;
const patience = { timeout: 300_000 };

interface Report {
  readonly seeds: number;
  readonly ends: Readonly<Record<string, number>>;
}

test(
  'the functions keep every invariant in a counted part of all worlds (G5, G6, G7, G8, G9, G10, G11, G12, G18, G20, G22, G23, G27)',
  patience,
  () => {
    const { told, lines } = simulated('--seeds', String(seeds), '--hashes');
    expect(told).not.toContain('"invariant"');
    const report = JSON.parse(lines.at(-1) ?? '') as Report;
    expect(report.seeds).toBe(seeds);
    // Worlds in which nothing gets far would keep every invariant.
    for (const end of [
      'published',
      'CANCELLED_BY_CALLER',
      'BUDGET_SPENT',
      'REQUEST_INVALID',
      'IMAGE_UNREADABLE',
    ])
      expect(report.ends[end]).toBeGreaterThan(2);

    // A seed tells the same story every time, whatever was told before.
    const again = simulated('--seeds', '2', '--from', String(seeds - 1), '--hashes').lines;
    expect(again.slice(0, 2)).toEqual(lines.slice(seeds - 2, seeds));
    expect(new Set(lines).size).toBe(seeds + 1);
  },
);

test('a mistake in the source is found, and told with its seed', patience, () => {
  const { lines } = simulated('--seeds', '200', '--bug', 'a busy job is acknowledged');
  expect(lines.find((line) => line.includes('"invariant":"S9"'))).toBeDefined();
});

test.each(bugs)('$name has its place in the source', ({ file, find }) => {
  expect(readFileSync(join(repository, file), 'utf8').split(find)).toHaveLength(2);
});
