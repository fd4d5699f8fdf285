import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const path = fileURLToPath(new URL('simulate.ts', import.meta.url));

/** A process of its own: it has another clock, other dice and another network than tests. */
export function simulated(...args: readonly string[]): {
  readonly told: string;
  readonly lines: readonly string[];
} {
  const { stdout, stderr } = spawnSync(process.execPath, [path, ...args], {
    encoding: 'utf8',
    maxBuffer: 1e8,
  });
  return { told: stdout + stderr, lines: stdout.trim().split('\n') };
}
