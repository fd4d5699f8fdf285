import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { commandOf, type GcloudCommand } from '../../deploy/docs/gcloud-commands.ts';

/** A machine for shell scripts, on which `gcloud` is a stand-in that remembers (`fake-gcloud.sh`). */
export interface FakeCloud {
  readonly run: (
    file: string,
    args: readonly string[],
    input?: string,
  ) => { readonly status: number | null; readonly stdout: string; readonly stderr: string };
  /** The calls since the last time this was asked. */
  readonly calls: () => GcloudCommand[];
  /** What was made and granted and is still there, sorted. */
  readonly things: () => string[];
  /** How long the script would have slept, seconds. */
  readonly naps: () => string[];
  /** What was first deployed, where `keep-source` was told. */
  readonly source: string;
  /** Temporary files that were not removed. */
  readonly leftOvers: () => string[];
  /** Writes a file that the stand-in reads: `fault`, `keep-source`, `location`, `logged-out`, `things`. */
  readonly tell: (name: string, text: string) => void;
}

/** @param folder empty; the scripts run in it. */
export function fakeCloud(folder: string): FakeCloud {
  const [bin, temporary] = [join(folder, 'bin'), join(folder, 'temporary')];
  for (const made of [bin, temporary]) mkdirSync(made, { recursive: true });
  copyFileSync(join(import.meta.dirname, 'fake-gcloud.sh'), join(bin, 'gcloud'));
  writeFileSync(join(bin, 'sleep'), '#!/bin/sh\necho "$1" >>"$FAKE/naps"\n');
  chmodSync(join(bin, 'sleep'), 0o755);
  const lines = (name: string) =>
    existsSync(join(folder, name))
      ? readFileSync(join(folder, name), 'utf8')
          .split('\n')
          .filter((line) => line !== '')
      : [];
  let seen = 0;
  return {
    run: (file, args, input = '') => {
      const path = `${bin}:${process.env['PATH']}`;
      const env = { ...process.env, PATH: path, TMPDIR: temporary, FAKE: folder };
      return spawnSync(file, args, { cwd: folder, env, input, encoding: 'utf8', timeout: 15_000 });
    },
    calls: () => {
      const fresh = lines('calls').slice(seen);
      seen += fresh.length;
      return fresh.map((line) => commandOf(line.split('\t').filter((word) => word !== '')));
    },
    things: () => lines('things').sort(),
    naps: () => lines('naps'),
    source: join(folder, 'source'),
    leftOvers: () => readdirSync(temporary),
    tell: (name, text) => writeFileSync(join(folder, name), text),
  };
}
