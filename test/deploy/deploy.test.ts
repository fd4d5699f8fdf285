import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { engineNames } from '../../lib/engines/engines.ts';
import { type FakeCloud, fakeCloud, script } from '../support/deploy-script.ts';
import { type GcloudCommand, gcloudCommands } from '../support/gcloud-commands.ts';
import { policies, policyFaults } from '../support/gcloud-policies.ts';
import { fitsNewProject } from '../support/new-project.ts';
import { repository } from '../support/packed.ts';

const place = ['my-project', 'europe-west4'];
const endpoint = ['--engine', 'endpoint', '--endpoint-id', '1234', '--location', 'europe-west1'];
const model = ['--engine', 'gemini', '--model', 'some-model', '--daily-cap-usd', '2.50'];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'deploy-'));
});
afterAll(() => rm(folder, { recursive: true }));

let clouds = 0;
const newCloud = (options?: { gcloud: boolean }): FakeCloud =>
  fakeCloud(join(folder, `${++clouds}`), options);

/** What only looks. */
const isQuestion = ({ words }: GcloudCommand) =>
  words.some((word) => /^(describe|list|get-iam-policy|service-agent)$/.test(word));
const mutations = (calls: readonly GcloudCommand[]) => calls.filter((call) => !isQuestion(call));
const linesOf = (calls: readonly GcloudCommand[]) => calls.map(({ line }) => line);

describe('--dry-run', () => {
  const dryRun = (...args: string[]) =>
    newCloud({ gcloud: false }).run(script, [...place, '--dry-run', ...args]);

  test('needs no gcloud, and prints commands that keep every policy', () => {
    for (const options of [[], model, endpoint]) {
      const { status, stdout, stderr } = dryRun(...options);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      const commands = gcloudCommands(stdout);
      expect(commands.length).toBeGreaterThan(30);
      expect(policyFaults(commands)).toEqual([]);
    }
  });

  test('each function fits the quota of a new project, unless more instances are asked for', () => {
    const isEachFitting = (...args: string[]) =>
      gcloudCommands(dryRun(...args).stdout)
        .filter(({ words }) => words[0] === 'functions' && words[1] === 'deploy')
        .map(({ flags }) => {
          const [cpu, maxInstances] = [Number(flags.get('--cpu')), Number(flags.get('--max-instances'))];
          return fitsNewProject({ cpu, memory: String(flags.get('--memory')), maxInstances });
        });
    expect(isEachFitting()).toEqual([true, true]);
    expect(isEachFitting('--max-instances', '11')).toEqual([false, false]);
  });

  test('prints a script that does what a run does', () => {
    const [real, printed] = [newCloud(), newCloud()];
    expect(real.run(script, [...place, ...model]).status).toBe(0);
    const { stdout } = dryRun(...model);
    expect(printed.run('/usr/bin/env', ['bash'], stdout, repository)).toMatchObject({ status: 0 });
    expect(printed.things()).toEqual(real.things());
    expect(printed.grants()).toEqual(real.grants());
    expect(linesOf(mutations(printed.calls()))).toEqual(linesOf(mutations(real.calls())));
  });

  test('prints what --destroy would do, asks nothing, and deletes pictures in a comment only', () => {
    const { status, stdout, stderr } = dryRun('--destroy');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(
      /^# Only after a second question: gcloud storage rm gs:\/\/my-project-inpaint-trial-input/m,
    );
    const removed = gcloudCommands(stdout).filter(({ words }) => words[1] === 'rm');
    expect(removed.map(({ words }) => words[2])).toEqual(['gs://my-project-inpaint-trial-control']);
  });

  test('an endpoint is looked for where it is', () => {
    const settings = gcloudCommands(dryRun(...endpoint).stdout)
      .map(({ flags }) => flags.get('--set-env-vars'))
      .filter((text) => text !== undefined);
    expect(settings).toHaveLength(2);
    for (const text of settings) expect(text).toContain('ENGINE=endpoint,NODE_ENV=production');
    for (const text of settings) expect(text).toContain(',LOCATION=europe-west1,ENDPOINT_ID=1234');
  });

  test('what to try ends it, as comments', () => {
    const [, hints = ''] = dryRun().stdout.split('# what to try\n');
    expect(hints).toMatch(/^# gcloud storage cp photo.jpg/);
    expect(
      hints
        .trim()
        .split('\n')
        .filter((line) => !line.startsWith('# ')),
    ).toEqual([]);
  });
});

describe('a policy finds its fault in a printed script:', () => {
  let printed: string;
  beforeAll(() => {
    printed = newCloud().run(script, [...place, ...model, '--dry-run']).stdout;
  });

  const seeds: [rule: keyof typeof policies, mistake: string, from: string | RegExp, to: string][] = [
    [
      'nobody calls without an identity',
      'open to all',
      '--no-allow-unauthenticated',
      '--allow-unauthenticated',
    ],
    ['nobody calls without an identity', 'no word about it', '--no-allow-unauthenticated', ''],
    ['nobody calls without an identity', 'a member', /--member=\S+/, '--member=allUsers'],
    ['nobody may delete objects', 'a role', 'roles/storage.objectCreator', 'roles/storage.objectUser'],
    ['nobody may delete objects', 'a right', 'storage.objects.list', 'storage.objects.delete'],
    [
      'rights on objects are given by the bucket',
      'no condition',
      /--condition='title=sources[^']+'/,
      '--condition=None',
    ],
    [
      'rights on objects are given by the bucket',
      'on the project',
      'roles/aiplatform.user',
      'roles/storage.objectViewer',
    ],
    [
      'each function has its own identity',
      'shared',
      /(--run-service-account=inpaint-trial-)edit/,
      '$1on-upload',
    ],
    ['each function has its own identity', 'the default', /--run-service-account=\S+/, ''],
    ['each function says what it takes', 'concurrency', '--concurrency=1', ''],
    ['each function says what it takes', 'ingress', '--ingress-settings=internal-only', ''],
    ['the runtime is the one that npm scripts bring', 'an older one', 'nodejs24', 'nodejs22'],
    ['events come again', 'no retry', / --retry(?= --trigger)/, ''],
    ['events come again', 'the default identity', /--trigger-service-account=\S+/, ''],
    [
      'the trigger is where its bucket is',
      'elsewhere',
      '--trigger-location=europe-west4',
      '--trigger-location=eu',
    ],
    ['the trigger is where its bucket is', 'another bucket', /(--trigger-bucket=\S+)-input/, '$1-output'],
    ['buckets are private', 'public', '--public-access-prevention', '--no-public-access-prevention'],
    ['every setting is known', 'a typing error', 'MODEL=', 'MODELL='],
    ['the function starts with its settings', 'one bucket twice', /(OUTPUT_BUCKET=\S+?)-output/, '$1-input'],
    ['the function starts with its settings', 'a bucket too few', /,CONTROL_BUCKET=[^,]+/, ''],
    ['the function starts with its settings', 'a bad value', 'ENGINE=gemini', 'ENGINE=gimini'],
    [
      'the function starts with its settings',
      'no such function',
      '--entry-point=onUpload',
      '--entry-point=onDrop',
    ],
    ['the function starts with its settings', 'timeout', '--timeout=540s', '--timeout=60s'],
  ];

  test.each(seeds)('%s (%s)', (rule, _, from, to) => {
    const mistaken = printed.replace(from, to);
    expect(mistaken).not.toBe(printed);
    const faults = policyFaults(gcloudCommands(mistaken));
    expect(faults).not.toEqual([]);
    expect(faults.filter((fault) => !fault.startsWith(`${rule}: `))).toEqual([]);
  });

  test('every policy has a mistake here', () => {
    expect(new Set(seeds.map(([rule]) => rule))).toEqual(new Set(Object.keys(policies)));
  });
});

describe('a deployment', () => {
  test('makes everything once; again, it makes nothing and sets the same', () => {
    const cloud = newCloud();
    expect(cloud.run(script, [...place, ...model])).toMatchObject({ status: 0 });
    const first = cloud.calls();
    expect(policyFaults(first)).toEqual([]);
    const [things, grants] = [cloud.things(), cloud.grants()];
    expect(things).toHaveLength(11);

    const { status, stdout } = cloud.run(script, [...place, ...model]);
    expect(status).toBe(0);
    expect(stdout).toContain('gs://my-project-inpaint-trial-input/');
    const creates = (calls: readonly GcloudCommand[]) =>
      calls.filter(({ words }) => words.includes('create'));
    const second = cloud.calls();
    expect(creates(first)).toHaveLength(9);
    expect(linesOf(creates(second))).toEqual([]);
    const updates = (calls: readonly GcloudCommand[]) =>
      linesOf(mutations(calls).filter(({ words }) => !words.includes('create')));
    expect(updates(second)).toEqual(updates(first));
    expect([cloud.things(), cloud.grants()]).toEqual([things, grants]);
  });

  test('gives no right on models without one', () => {
    const cloud = newCloud();
    cloud.run(script, place);
    expect(cloud.grants().filter((grant) => grant.includes('aiplatform'))).toEqual([]);
    expect(cloud.calls().some(({ line }) => line.includes('aiplatform'))).toBe(false);
  });

  test('waits for an identity that is not known everywhere yet', () => {
    const cloud = newCloud();
    cloud.tell('fault', 'add-iam-policy-binding\tService account inpaint-trial-on-upload does not exist.\n');
    expect(cloud.run(script, place)).toMatchObject({ status: 0 });
    expect(cloud.naps()).toEqual(['10']);
    expect(cloud.grants()).toHaveLength(10);
  });

  test('stops at the first command that fails, with what gcloud said', () => {
    const cloud = newCloud();
    cloud.tell('fault', 'functions deploy inpaint-trial-edit\tBuild failed: no such thing\n');
    const { status, stderr } = cloud.run(script, place);
    expect(status).toBe(1);
    expect(stderr).toContain('Build failed: no such thing');
    expect(cloud.things()).not.toContain('inpaint-trial-on-upload');
    expect(cloud.naps()).toEqual([]);
  });

  test('takes no refusal for an absence', () => {
    const cloud = newCloud();
    cloud.tell('fault', 'buckets describe\tPERMISSION_DENIED: storage.buckets.get (or it may not exist)\n');
    const { status, stderr } = cloud.run(script, place);
    expect(status).toBe(4);
    expect(stderr).toMatch(/PERMISSION_DENIED[\s\S]*PROJECT_REFUSED/);
    expect(cloud.things()).toEqual([]);
  });

  test('does not go on with a bucket in another region', () => {
    const cloud = newCloud();
    cloud.tell('location', 'US-CENTRAL1\n');
    expect(cloud.run(script, place)).toMatchObject({
      status: 5,
      stderr: expect.stringContaining(
        'BUCKET_ELSEWHERE: Expected gs://my-project-inpaint-trial-input in europe-west4, got us-central1',
      ),
    });
  });
});

describe('--destroy', () => {
  const destroy = [...place, '--destroy'];
  let first: FakeCloud;
  beforeAll(() => {
    first = newCloud();
    first.run(script, [...place, ...model]);
  });
  /** As after the first deployment, of which the calls are forgotten. */
  const deployed = () => {
    const cloud = newCloud();
    cloud.tell('things', `${first.things().join('\n')}\n`);
    cloud.tell('grants', `${first.grants().join('\n')}\n`);
    return cloud;
  };

  test.each(['no\n', 'Yes\n', '\n', ''])('answered with %j changes nothing', (answer) => {
    const cloud = deployed();
    const { status, stdout } = cloud.run(script, destroy, answer);
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'Nothing is deleted.\n' });
    expect(mutations(cloud.calls())).toEqual([]);
  });

  test.each(['yes\n', 'yes\nyes\n', 'yes\nno\n'])('answered with %j keeps the pictures', (answer) => {
    const cloud = deployed();
    expect(cloud.run(script, destroy, answer)).toMatchObject({ status: 0 });
    const kept = ['gs://my-project-inpaint-trial-input', 'gs://my-project-inpaint-trial-output'];
    // A role that is deleted stays for weeks.
    expect(cloud.things()).toEqual([...kept, 'inpaint_trial_control']);
    expect(cloud.grants().filter((grant) => kept.some((bucket) => grant.startsWith(bucket)))).toEqual([]);
    const removed = mutations(cloud.calls()).filter(({ words }) => words[1] === 'rm');
    expect(removed.map(({ words }) => words[2])).toEqual(['gs://my-project-inpaint-trial-control']);
  });

  test('with the second answer leaves nothing but a right of Cloud Storage', () => {
    const cloud = deployed();
    expect(cloud.run(script, destroy, 'yes\ndelete pictures\n')).toMatchObject({ status: 0 });
    expect(cloud.things()).toEqual(['inpaint_trial_control']);
    const onProject = cloud.grants().filter((grant) => grant.startsWith('my-project '));
    expect(onProject).toEqual([
      'my-project serviceAccount:service-1@gs-project-accounts.iam.gserviceaccount.com roles/pubsub.publisher',
    ]);
  });

  test('finds nothing to do the second time', () => {
    const cloud = deployed();
    cloud.run(script, destroy, 'yes\ndelete pictures\n');
    cloud.calls();
    expect(cloud.run(script, destroy, 'yes\ndelete pictures\n')).toMatchObject({ status: 0 });
    expect(linesOf(mutations(cloud.calls()))).toEqual([]);
  });

  test('can be deployed after, with the role called back', () => {
    const cloud = deployed();
    const [things, grants] = [cloud.things(), cloud.grants()];
    cloud.run(script, destroy, 'yes\n');
    cloud.calls();
    expect(cloud.run(script, [...place, ...model])).toMatchObject({ status: 0 });
    expect(linesOf(cloud.calls())).toContain(
      'gcloud iam roles undelete inpaint_trial_control --project=my-project',
    );
    expect([cloud.things(), cloud.grants()]).toEqual([things, grants]);
  });
});

describe('the command line', () => {
  test.each([
    [[], 2, 'PROJECT_MISSING: Expected PROJECT REGION'],
    [['my-project'], 2, 'REGION_MISSING: Expected a region after my-project'],
    [['my-project', 'eu'], 2, 'OPTION_INVALID: Expected REGION to match'],
    [['My Project', 'europe-west4'], 2, 'OPTION_INVALID: Expected PROJECT to match'],
    [[...place, 'more'], 2, 'OPTION_UNKNOWN: Expected PROJECT REGION, got also more'],
    [[...place, '--dryrun'], 2, 'OPTION_UNKNOWN: Expected an option'],
    [[...place, '--engine'], 2, 'OPTION_INVALID: Expected a value after --engine'],
    [[...place, '--engine', 'dall-e'], 2, 'OPTION_INVALID: Expected --engine to match'],
    [[...place, '--engine', 'endpoint'], 2, 'ENDPOINT_MISSING: Expected --endpoint-id'],
    [[...place, ...endpoint.slice(0, 4)], 2, 'LOCATION_MISSING: Expected --location'],
    [[...place, ...endpoint, '--daily-cap-usd', '5'], 2, 'PRICE_MISSING: Expected no --daily-cap-usd'],
    [[...place, '--location', 'Europe'], 2, 'OPTION_INVALID: Expected --location to match'],
    [[...place, '--model', 'some-model'], 2, 'ENGINE_MISSING: Expected --engine beside --model'],
    [
      [...place, '--model', 'a,ENGINE=b', '--engine', 'gemini'],
      2,
      'OPTION_INVALID: Expected --model to match',
    ],
    [[...place, '--max-instances', '0'], 2, 'OPTION_INVALID: Expected --max-instances to match'],
    [[...place, '--daily-cap-usd', '1e3'], 2, 'OPTION_INVALID: Expected --daily-cap-usd to match'],
  ])('%j is refused by code', (args, status, message) => {
    const cloud = newCloud();
    expect(cloud.run(script, args)).toMatchObject({
      status,
      stdout: '',
      stderr: expect.stringContaining(message),
    });
    expect(cloud.calls()).toEqual([]);
  });

  test('a missing gcloud, a missing login and a project that does not answer are told apart', () => {
    expect(newCloud({ gcloud: false }).run(script, place)).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('TOOL_MISSING: Expected gcloud'),
    });
    const cloud = newCloud();
    cloud.tell('logged-out', '');
    expect(cloud.run(script, place)).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('LOGIN_MISSING: Expected an active account'),
    });
    const other = newCloud();
    other.tell('fault', 'projects describe\tPERMISSION_DENIED\n');
    expect(other.run(script, place)).toMatchObject({
      status: 4,
      stderr: expect.stringContaining('PROJECT_REFUSED: Expected project my-project to answer'),
    });
    expect(mutations([...cloud.calls(), ...other.calls()])).toEqual([]);
  });

  test('--help names every option and every engine', () => {
    const { status, stdout } = newCloud({ gcloud: false }).run(script, ['--help']);
    expect(status).toBe(0);
    const source = readFileSync(script, 'utf8');
    const options = new Set(source.match(/(?<=^ {4,6}|\| )--[a-z-]+(?= \||\))/gm));
    expect(options.size).toBe(9);
    for (const option of options) expect(stdout).toMatch(new RegExp(`^ +${option}`, 'm'));
    const [, pattern = ''] = source.match(/--engine\) engine=\S+ "\$1" "\$2" '\^\(([a-z0-9|]+)\)\$'/) ?? [];
    expect(pattern.split('|').sort()).toEqual([...engineNames].sort());
    for (const engine of engineNames) expect(stdout).toContain(engine);
  });
});
