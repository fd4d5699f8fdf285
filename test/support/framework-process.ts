import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';

export interface FunctionProcess extends AsyncDisposable {
  readonly target: string;
  readonly url: string;
  readonly pid: number;
  /** Its exit code, and the signal that killed it. */
  readonly exit: Promise<unknown>;
  /** What it wrote to stdout and stderr up to now, line by line. */
  lines(): string[];
}

interface FunctionProcessOptions {
  /**
   * The deployed folder: its package.json names the entry point, its node_modules has the framework. Left
   * out: the sources of this repository.
   */
  readonly folder?: string;
  readonly target: string;
  readonly signature?: 'http' | 'cloudevent';
  readonly environment?: Readonly<Record<string, string>>;
  /** Flags of node itself. */
  readonly nodeOptions?: readonly string[];
  /** Told of every line it writes to stdout. */
  readonly onLine?: (line: string) => void;
}

const repository = resolve(import.meta.dirname, '../..');
const framework = 'node_modules/@google-cloud/functions-framework/build/src/main.js';
const pollMs = 2;

/**
 * One function as Cloud Run functions starts it: the framework's own command in the folder,
 * NODE_ENV=production.
 */
export async function startFunction(options: FunctionProcessOptions): Promise<FunctionProcess> {
  const { target, signature = 'http', environment, nodeOptions = [], onLine } = options;
  const { folder = repository } = options;
  const source = options.folder === undefined ? ['--source=functions/index.ts'] : [];
  const port = await freePort();
  const child = spawn(
    process.execPath,
    [
      ...nodeOptions,
      join(folder, framework),
      ...source,
      `--target=${target}`,
      `--signature-type=${signature}`,
      `--port=${port}`,
    ],
    // Nothing of the test's own environment: what the function needs, it is told.
    { cwd: folder, env: { PATH: process.env['PATH'], NODE_ENV: 'production', ...environment } },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  if (onLine !== undefined) createInterface({ input: child.stdout }).on('line', onLine);
  const exit = once(child, 'exit');
  while (!(await isListening(port))) {
    if (child.exitCode !== null) throw new Error(`Expected ${target} to listen, got its end:\n${output}`);
    await wait(pollMs);
  }
  return {
    target,
    url: `http://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    exit,
    lines: () => output.split('\n').filter((line) => line !== ''),
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await exit;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('Expected a port, got none');
  return address.port;
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
