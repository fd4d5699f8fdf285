import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const path = fileURLToPath(new URL('simulate.ts', import.meta.url));
const seeds = 250;

interface Report {
  readonly seeds: number;
  readonly ends: Readonly<Record<string, number>>;
}

/** A process of its own: it has another clock, other dice and another network than tests. */
function simulated(...args: readonly string[]): { readonly told: string; readonly lines: readonly string[] } {
  const { stdout, stderr } = spawnSync(process.execPath, [path, ...args], { encoding: 'utf8' });
  return { told: stdout + stderr, lines: stdout.trim().split('\n') };
}

test('the functions keep every invariant in a counted part of all worlds', { timeout: 120_000 }, () => {
  const { told, lines } = simulated('--seeds', String(seeds));
  expect(told).not.toContain('"invariant"');
  const report = JSON.parse(lines.at(-1) ?? '') as Report;
  expect(report.seeds).toBe(seeds);
  // Worlds in which nothing gets far would keep every invariant.
  for (const end of ['published', 'CANCELLED_BY_CALLER', 'BUDGET_SPENT', 'REQUEST_INVALID', 'IMAGE_UNREADABLE'])
    expect(report.ends[end]).toBeGreaterThan(10);
});

test('a seed tells the same story every time, whatever was told before', { timeout: 60_000 }, () => {
  const many = simulated('--seeds', '8', '--from', '1', '--hashes').lines;
  const few = simulated('--seeds', '3', '--from', '6', '--hashes').lines;
  expect(few.slice(0, 3)).toEqual(many.slice(5, 8));
  expect(new Set(many).size).toBe(9);
});

test('a mistake in the source is found, and told with its seed', { timeout: 60_000 }, () => {
  const { lines } = simulated('--seeds', '200', '--bug', 'a busy job is acknowledged');
  expect(lines.find((line) => line.includes('"invariant":"S9"'))).toBeDefined();
});
