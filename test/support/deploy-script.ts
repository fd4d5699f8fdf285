import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { commandOf, type GcloudCommand } from './gcloud-commands.ts';
import { repository } from './packed.ts';

export const script = join(repository, 'deploy/deploy.sh');

export interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A machine for the script: a folder of tools, of which `gcloud` is a fake that remembers; the real one is out of reach. */
export interface FakeCloud {
  /** Runs somewhere else than in the repository, unless told to. */
  run(file: string, args: readonly string[], input?: string, cwd?: string): Run;
  /** The calls since the last time this was asked. */
  calls(): GcloudCommand[];
  /** What was made and not deleted, sorted; likewise what was granted. */
  things(): string[];
  grants(): string[];
  /** How long the script would have slept, seconds. */
  naps(): string[];
  /** Writes a file that the fake reads. */
  tell(name: string, text: string): void;
}

const tools = ['bash', 'cat', 'dirname', 'grep', 'rm', 'sed', 'tee', 'tr'];

export function fakeCloud(folder: string, { gcloud = true } = {}): FakeCloud {
  const bin = join(folder, 'bin');
  const state = join(folder, 'state');
  mkdirSync(bin, { recursive: true });
  mkdirSync(state);
  for (const tool of tools) symlinkSync(whereIs(tool), join(bin, tool));
  writeFileSync(join(bin, 'sleep'), '#!/usr/bin/env bash\necho "$1" >>"$FAKE_GCLOUD/naps"\n');
  chmodSync(join(bin, 'sleep'), 0o755);
  if (gcloud) copyFileSync(join(repository, 'test/support/fake-gcloud.sh'), join(bin, 'gcloud'));

  const lines = (name: string) => {
    const path = join(state, name);
    return existsSync(path)
      ? readFileSync(path, 'utf8')
          .split('\n')
          .filter((line) => line !== '')
      : [];
  };
  let seen = 0;
  return {
    run(file, args, input = '', cwd = folder) {
      const env = { PATH: bin, FAKE_GCLOUD: state };
      return spawnSync(file, args, { env, input, encoding: 'utf8', cwd, timeout: 15_000 });
    },
    calls() {
      const all = lines('calls').map((line) => commandOf(line.split('\t').filter((word) => word !== '')));
      const fresh = all.slice(seen);
      seen = all.length;
      return fresh;
    },
    things: () => lines('things').sort(),
    grants: () => lines('grants').sort(),
    naps: () => lines('naps'),
    tell: (name, text) => writeFileSync(join(state, name), text),
  };
}

function whereIs(tool: string): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const found = folders.map((folder) => join(folder, tool)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`Expected ${tool} on the PATH, found none`);
  return found;
}
