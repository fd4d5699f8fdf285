import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fakeCloud, script } from '../support/deploy-script.ts';
import { type GcloudCommand, gcloudCommands, shellBlocks } from '../support/gcloud-commands.ts';
import { policies } from '../support/gcloud-policies.ts';
import { gcloudFaults } from '../support/lint-gcloud.ts';
import { repository } from '../support/packed.ts';

const place = ['my-project', 'europe-west4'];
const options = ['--engine', 'gemini', '--model', 'some-model', '--daily-cap-usd', '2.50'];

let folder: string;
/** All the script can print, and all it did in a life of one deployment: made, updated, deleted, called back. */
let printed: string[];
let called: GcloudCommand[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'commands-'));
  const cloud = fakeCloud(join(folder, 'cloud'));
  printed = [[...options], ['--destroy']].map(
    (more) => cloud.run(script, [...place, '--dry-run', ...more]).stdout,
  );
  cloud.run(script, [...place, ...options]);
  cloud.run(script, [...place, '--destroy'], 'yes\n');
  cloud.run(script, [...place, ...options]);
  cloud.run(script, [...place, '--destroy'], 'yes\ndelete pictures\n');
  called = cloud.calls();
});
afterAll(() => rm(folder, { recursive: true }));

const markdownIn = (folder: string, recursive: boolean) =>
  readdirSync(join(repository, folder), { recursive, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(repository, folder, name));
const documents = [
  ...markdownIn('.', false),
  ...markdownIn('docs', true),
  ...markdownIn('deploy/terraform', false),
];
/** What the reader fills in, MY-PROJECT, as the name it stands for: in small letters. */
const filledIn = (text: string) => text.replaceAll(/\bMY-[A-Z-]+\b/g, (name) => name.toLowerCase());
const documented = documents.flatMap((path) =>
  shellBlocks(filledIn(readFileSync(path, 'utf8'))).flatMap((block) => gcloudCommands(block)),
);

test('commands are found where a shell would find them', () => {
  const text = [
    'gcloud a b --flag=1 \\',
    '  --more',
    'gcloud c >/dev/null 2>&1 ||',
    "  gcloud d 'two words' --x='a b'",
    'URL=$(gcloud e --format="value(url)") # gcloud f',
    '# gcloud g',
    'curl -H "Authorization: Bearer $(gcloud auth print-identity-token)" x | gcloud h',
    'cat gcloud.txt',
  ].join('\n');
  expect(
    gcloudCommands(text).map(({ words, flags }) => [words.join(' '), Object.fromEntries(flags)]),
  ).toEqual([
    ['a b', { '--flag': '1', '--more': '' }],
    ['c', {}],
    ['d two words', { '--x': 'a b' }],
    ['e', { '--format': 'value(url)' }],
    ['auth print-identity-token', {}],
    ['h', {}],
  ]);
});

test('the documents show commands, and none that opens a function or gives a right to delete', () => {
  expect(documented.length).toBeGreaterThan(3);
  expect(policies['nobody calls without an identity'](documented)).toEqual([]);
  expect(policies['nobody may delete objects'](documented)).toEqual([]);
});

/** `gcloud storage cp X X` is refused: the same object is given again by way of here. */
const ontoThemselves = (commands: readonly GcloudCommand[]) =>
  commands
    .filter(({ words: [group, verb] }) => group === 'storage' && verb === 'cp')
    .filter(({ words }) => words.slice(2, -1).includes(words.at(-1) ?? ''))
    .map(({ line }) => line);

test('no document copies an object onto itself', () => {
  const copies = gcloudCommands('gcloud storage cp gs://b/x . && gcloud storage cp x gs://b/x');
  const onto = gcloudCommands('gcloud storage cp gs://b/x gs://b/x');
  expect(ontoThemselves([...copies, ...onto])).toEqual([onto[0]?.line]);
  expect(documented.some(({ words }) => words[1] === 'cp')).toBe(true);
  expect(ontoThemselves(documented)).toEqual([]);
});

const gcloud = spawnSync('gcloud', ['--version']).status === 0;
if (!gcloud)
  console.log(
    'Without gcloud its own parser is not asked about the commands of deploy.sh and the documents.',
  );

test.skipIf(!gcloud)(
  'gcloud knows every command that is printed, called or documented',
  { timeout: 90_000 },
  () => {
    const commands = [...printed.flatMap((text) => gcloudCommands(text)), ...called, ...documented];
    const mistakes = gcloudCommands(`
    gcloud functions deploy f --retries
    gcloud storage bucket describe gs://b
    gcloud functions deploy f --ingress-settings=internal
    gcloud iam roles undelete --project=p
  `);
    const faults = gcloudFaults([...commands, ...mistakes], folder);
    expect(faults.sort()).toEqual([
      expect.stringMatching(/--ingress-settings=internal: .*Invalid choice/),
      expect.stringMatching(/--retries: unrecognized/),
      expect.stringMatching(/roles undelete .*ROLE_ID/),
      expect.stringMatching(/storage bucket describe .*Invalid choice: 'bucket'/),
    ]);
  },
);

const shellcheck = spawnSync('shellcheck', ['--version']).status === 0;
if (!shellcheck)
  console.log('Without shellcheck the shell scripts, and those that deploy.sh prints, are not checked.');

const check = (args: string[], input?: string) =>
  spawnSync('shellcheck', args, {
    cwd: repository,
    encoding: 'utf8',
    ...(input === undefined ? {} : { input }),
  });

test.skipIf(!shellcheck)('shellcheck has nothing to say, about scripts and what they print', () => {
  const scripts = ['deploy/deploy.sh', '.ci/run', 'test/support/fake-gcloud.sh'];
  expect(check(['--external-sources', '--check-sourced', ...scripts])).toMatchObject({
    status: 0,
    stdout: '',
  });
  const sourced = readdirSync(join(repository, 'deploy/gcloud')).filter((name) => name.endsWith('.sh'));
  expect(check(sourced.map((name) => join('deploy/gcloud', name)))).toMatchObject({ status: 0, stdout: '' });
  for (const text of printed) expect(check(['-'], text)).toMatchObject({ status: 0, stdout: '' });
});

test.skipIf(!shellcheck)('shellcheck finds a variable that is not quoted', () => {
  const text = readFileSync(script, 'utf8').replace('cd "$here/.."', 'cd $here/..');
  expect(check(['-'], text).stdout).toContain('SC2086');
});
