import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Cost {
  readonly wallMs: number;
  /** User and system time of all threads, `NaN` where the system does not tell. */
  readonly cpuMs: number;
}

/** What work in this process takes, with everything that it does meanwhile. */
export async function costOf(work: () => unknown): Promise<Cost> {
  const started = performance.now();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return { wallMs: performance.now() - started, cpuMs: (user + system) / 1000 };
}

/** The least of each: noise only adds. */
export function least(costs: readonly Cost[]): Cost {
  const of = (key: keyof Cost) => Math.min(...costs.map((cost) => cost[key]));
  return { wallMs: of('wallMs'), cpuMs: of('cpuMs') };
}

/** What a whole process took, from its start to its end. */
export interface Watched extends Cost {
  /** Largest resident set, MB, `NaN` likewise. */
  readonly peakMb: number;
  readonly stdout: string;
}

/** /proc is read this often: what a process does in its last moments may be missed. */
const pollMs = 4;
/** Places of `utime` and `stime`, after the parenthesised name. @see proc(5) */
const ticksPerSecond = 100;

/**
 * Runs a command to its end and watches it from outside, so that every program is measured alike.
 *
 * @param environment beside that of this process.
 */
export function watched(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Watched> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    });
    let seen = { cpuMs: Number.NaN, peakMb: Number.NaN };
    const timer = setInterval(() => {
      seen = usageOf(child.pid) ?? seen;
    }, pollMs);
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(timer);
      const wallMs = performance.now() - started;
      if (code !== 0)
        reject(new Error(`${command} ${args.join(' ')} ended with ${code}: ${Buffer.concat(err)}`));
      else resolve({ wallMs, ...seen, stdout: Buffer.concat(out).toString() });
    });
  });
}

/** What a process took up to now; `undefined` where /proc does not tell. */
export function usageOf(pid: number | undefined): { cpuMs: number; peakMb: number } | undefined {
  try {
    const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    if (peak === null) return undefined;
    const ticks = Number(stat[11]) + Number(stat[12]);
    return { cpuMs: (ticks * 1000) / ticksPerSecond, peakMb: Number(peak[1]) / 1024 };
  } catch {
    return undefined;
  }
}
