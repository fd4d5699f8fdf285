import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const path = fileURLToPath(new URL('simulate.ts', import.meta.url));
const seeds = 100;
const patience = { timeout: 300_000 };

interface Report {
  readonly seeds: number;
  readonly ends: Readonly<Record<string, number>>;
}

/** A process of its own: it has another clock, other dice and another network than tests. */
function simulated(...args: readonly string[]): { readonly told: string; readonly lines: readonly string[] } {
  const { stdout, stderr } = spawnSync(process.execPath, [path, ...args], { encoding: 'utf8' });
  return { told: stdout + stderr, lines: stdout.trim().split('\n') };
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
      expect(report.ends[end]).toBeGreaterThan(3);

    // A seed tells the same story every time, whatever was told before.
    const again = simulated('--seeds', '2', '--from', '99', '--hashes').lines;
    expect(again.slice(0, 2)).toEqual(lines.slice(98, 100));
    expect(new Set(lines).size).toBe(seeds + 1);
  },
);

test('a mistake in the source is found, and told with its seed', patience, () => {
  const { lines } = simulated('--seeds', '200', '--bug', 'a busy job is acknowledged');
  expect(lines.find((line) => line.includes('"invariant":"S9"'))).toBeDefined();
});
