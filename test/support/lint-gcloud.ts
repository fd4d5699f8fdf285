import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GcloudCommand } from './gcloud-commands.ts';

interface Verdict {
  readonly success: boolean;
  readonly command_string: string;
  readonly error_message: string | null;
}

/**
 * What gcloud's own parser says against commands: unknown groups, commands and flags, values that are none of a list, missing
 * arguments. Nothing is run, and neither network nor login is needed.
 *
 * @param folder for gcloud's configuration and the list of commands.
 * Each command takes a tenth of a second: of those that differ in names or lack a flag only one is asked about.
 *
 * @returns `command: fault` for each fault.
 */
export function gcloudFaults(commands: readonly GcloudCommand[], folder: string): string[] {
  const file = join(folder, 'commands.json');
  const list = distinct(commands).map((command, index) => ({
    command_string: quotedLine(command),
    // Zero counts as no id.
    id: index + 1,
  }));
  writeFileSync(file, JSON.stringify(list));
  const options = ['meta', 'lint-gcloud-commands', `--commands-file=${file}`, '--serialize'];
  const answer = execFileSync('gcloud', options, { encoding: 'utf8', env: offline(folder) });
  const verdicts = Object.values(JSON.parse(answer) as Record<string, Verdict[]>).flat();
  if (verdicts.length !== list.length)
    throw new Error(`Expected ${list.length} verdicts, got ${verdicts.length}`);
  return verdicts
    .filter(({ success }) => !success)
    .map(({ command_string, error_message }) => `${command_string}: ${error_message}`);
}

function distinct(commands: readonly GcloudCommand[]): GcloudCommand[] {
  const byFlags = commands.toSorted((a, b) => b.flags.size - a.flags.size);
  return byFlags.filter((command, index) => !byFlags.slice(0, index).some((other) => covers(other, command)));
}

function covers(other: GcloudCommand, { words, flags }: GcloudCommand): boolean {
  return (
    other.words.length === words.length &&
    commandName(other) === commandName({ words }) &&
    [...flags].every(
      ([name, value]) => other.flags.get(name) === value || (other.flags.has(name) && !isChoice(value)),
    )
  );
}

/** Maybe one of a list, such as `internal-only`. */
const isChoice = (value: string) => /^[a-z-]+$/.test(value);

/** Groups are plurals, `storage buckets create`; behind any other second word come names and values, `functions deploy NAME`. */
function commandName({ words: [first = '', second = '', third = ''] }: Pick<GcloudCommand, 'words'>): string {
  return second.endsWith('s') ? `${first} ${second} ${third}` : `${first} ${second}`;
}

/** Flags come last: the linter takes a word after a flag for its value. */
function quotedLine({ words, flags }: GcloudCommand): string {
  const all = [...words, ...[...flags].map(([name, value]) => (value === '' ? name : `${name}=${value}`))];
  return ['gcloud', ...all.map((word) => (/^[\w./:=@,+-]*$/.test(word) ? word : `'${word}'`))].join(' ');
}

function offline(folder: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    CLOUDSDK_CONFIG: join(folder, 'gcloud'),
    CLOUDSDK_CORE_CHECK_GCE_METADATA: 'false',
    CLOUDSDK_CORE_DISABLE_PROMPTS: '1',
    CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: 'true',
    CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK: 'true',
  };
}
