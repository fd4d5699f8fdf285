import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { GcloudCommand } from '../../deploy/docs/gcloud-commands.ts';
import { dryRun, deployScript as script } from '../../deploy/docs/trial-deployment.ts';
import { type FakeCloud, fakeCloud } from '../support/fake-cloud.ts';
import { repository, uploadedFiles } from '../support/packed.ts';
import { useFolder } from '../support/use.ts';

const place = ['my-project', 'europe-west4'];
const endpoint = ['--engine', 'endpoint', '--endpoint-id', '1234', '--location', 'europe-west1'];
const model = ['--engine', 'gemini', '--model', 'gemini-3.1-flash-image', '--daily-cap-usd', '2.50'];
const kept = ['gs://my-project-inpaint-trial-input', 'gs://my-project-inpaint-trial-output'];
/** A deleted role stays for weeks; what agents of Google may do is left as it is. */
const leftOver = [
  'deleted inpaint_trial_ask_model',
  'deleted inpaint_trial_control',
  'grant my-project serviceAccount:service-1234@gcp-sa-eventarc.iam.gserviceaccount.com,roles/eventarc.serviceAgent',
  'grant my-project serviceAccount:service-1@example.com,roles/pubsub.publisher',
  'inpaint_trial_ask_model',
  'inpaint_trial_control',
];
/**
 * What gcloud says in projects that are new to builds, events or rights, and the command that it says it to.
 */
const ofFreshProjects = [
  [
    'add-iam-policy-binding',
    'Service account inpaint-trial-on-upload@p.iam.gserviceaccount.com does not exist.',
  ],
  [
    'deploy inpaint-trial-edit',
    'Build failed with status: FAILURE and message: failed to Fetch: failed to download archive ' +
      'gs://gcf-v2-sources-1-r/x/function-source.zip: Access to bucket gcf-v2-sources-1-r denied. You must grant ' +
      'Storage Object Viewer permission to inpaint-trial-builder@p.iam.gserviceaccount.com.',
  ],
  [
    'deploy inpaint-trial-edit',
    "Permission 'iam.serviceaccounts.actAs' denied on service account " +
      'inpaint-trial-edit@p.iam.gserviceaccount.com (or it may not exist).',
  ],
  [
    'deploy inpaint-trial-edit',
    'Unable to retrieve the repository metadata for projects/p/locations/r/repositories/inpaint-trial. Ensure that ' +
      "the Cloud Functions service account has 'artifactregistry.repositories.list' and " +
      "'artifactregistry.repositories.get' permissions.",
  ],
  [
    'deploy inpaint-trial-on-upload',
    'Creating trigger failed: The Cloud Storage service account for your bucket is unable to publish to Cloud ' +
      'Pub/Sub topics in the specified project.',
  ],
  [
    'deploy inpaint-trial-on-upload',
    'Bucket "b" could not be validated. Please verify that the bucket exists and that the Eventarc service account ' +
      'has permission.',
  ],
  [
    'deploy inpaint-trial-on-upload',
    'Invalid resource state for "": Permission "eventarc.events.receiveEvent" denied on ' +
      '"inpaint-trial-trigger@p.iam.gserviceaccount.com"',
  ],
] as const;

const folder = await useFolder();
let clouds = 0;
const newCloud = () => fakeCloud(join(folder, `${++clouds}`));

/** The commands that change something. The folder of the sources is another one each time. */
const changes = (calls: readonly GcloudCommand[]) =>
  calls
    .filter(({ words }) => !words.some((word) => /^(describe|list|get-iam-policy|service-agent)$/.test(word)))
    .map(({ line }) => line.replace(/--source=\S+/, '--source=S'));

/** An agent of Google is asked for each time. */
const isCreate = / create (?!--service=)/;

const rightOf01 = (name: string) =>
  `grant my-project serviceAccount:inpaint-trial-${name}@my-project.iam.gserviceaccount.com,roles/aiplatform.user`;

/** What a deployment over one of version 0.1 does and makes; each run takes a second or more. */
let first: { readonly cloud: FakeCloud; readonly made: readonly string[]; readonly things: string[] };
beforeAll(() => {
  const cloud = newCloud();
  cloud.tell('keep-source', '');
  cloud.tell('things', `${rightOf01('on-upload')}\n${rightOf01('edit')}\n`);
  expect(cloud.run(script, [...place, ...model])).toMatchObject({ status: 0 });
  first = { cloud, made: changes(cloud.calls()), things: cloud.things() };
}, 60_000);
const isRevoke = (line: string) => line.includes('remove-iam-policy-binding');

describe('a deployment', () => {
  test('makes everything once; a second run makes nothing and sets the same', () => {
    const { cloud, made, things } = first;
    expect(things.filter((thing) => thing.startsWith('missing'))).toEqual([]);
    const creates = (lines: readonly string[]) => lines.filter((line) => isCreate.test(line));
    expect(creates(made)).toHaveLength(13);

    expect(cloud.run(script, [...place, ...model])).toMatchObject({ status: 0 });
    const second = changes(cloud.calls());
    expect(creates(second)).toEqual([]);
    expect(second).toEqual(made.filter((line) => !isCreate.test(line) && !isRevoke(line)));
    expect(cloud.things()).toEqual(things);
    // Only the first run waits for rights.
    expect(cloud.naps()).toEqual(['180']);
  });

  test('does what its dry run prints', () => {
    const printed = newCloud();
    expect(printed.run('bash', ['-s'], `cd ${repository}\n${dryRun(...model)}`)).toMatchObject({ status: 0 });
    expect(printed.things()).toEqual(first.things);
    // A real run looks first whether there is anything to take.
    const made = changes(printed.calls()).filter((line) => !isRevoke(line));
    expect(made).toEqual(first.made.filter((line) => !isRevoke(line)));
  });

  test('uploads what .gcloudignore lets through, with the packages that functions need alone', async () => {
    const { cloud } = first;
    expect(await uploadedFiles(cloud.source)).toEqual(await uploadedFiles(repository));
    for (const file of ['package.json', 'package-lock.json']) {
      const [uploaded, needed] = [cloud.source, join(repository, 'deploy/cloud')].map((from) =>
        readFileSync(join(from, file), 'utf8'),
      );
      expect(uploaded).toBe(needed);
    }
    expect(cloud.leftOvers()).toEqual([]);
  });

  test('takes the rights that version 0.1 gave', () => {
    expect(first.made.filter(isRevoke)).toHaveLength(2);
    expect(first.things.filter((thing) => thing.includes('aiplatform.user'))).toEqual([]);
  });

  test('waits once for new rights, and survives what fresh projects say', () => {
    const cloud = newCloud();
    cloud.tell('fault', ofFreshProjects.map((fault) => `${fault.join('\t')}\n`).join(''));
    const { status, stderr } = cloud.run(script, place);
    expect(status).toBe(0);
    expect(ofFreshProjects.filter(([, message]) => !stderr.includes(message))).toEqual([]);
    expect(cloud.naps().join(' ')).toBe('10 180 10 20 40 10 20 40');
  });

  test('ends in words when a fresh project does not settle', () => {
    const cloud = newCloud();
    cloud.tell('fault', `${ofFreshProjects[0].join('\t')}\n`.repeat(6));
    expect(cloud.run(script, place)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('NOT_SETTLED'),
    });
    expect(cloud.naps()).toEqual(['10', '20', '40', '60', '120']);
  });

  test.each([
    [
      'a command that fails for good',
      'fault',
      'add-iam-policy-binding\tNo such member\n',
      1,
      'STEP_FAILED: Expected gcloud storage buckets add-iam-policy-binding',
    ],
    [
      'a refusal that looks like an absence',
      'fault',
      'buckets describe\tPERMISSION_DENIED (or it may not exist)\n',
      4,
      'PROJECT_REFUSED',
    ],
    ['a bucket in another region', 'location', 'US-CENTRAL1\n', 5, 'BUCKET_ELSEWHERE'],
    ['a missing login', 'logged-out', '', 3, 'LOGIN_MISSING'],
    [
      'a project that does not answer',
      'fault',
      'projects describe\tPERMISSION_DENIED\n',
      4,
      'PROJECT_REFUSED',
    ],
  ])('stops at %s', (_, name, text, status, message) => {
    const cloud = newCloud();
    cloud.tell(name, text);
    expect(cloud.run(script, place)).toMatchObject({ status, stderr: expect.stringContaining(message) });
    expect(cloud.things()).not.toContain('inpaint-trial-on-upload');
    expect(cloud.naps()).toEqual([]);
  });
});

describe('--destroy', () => {
  const deployed = (): FakeCloud => {
    const cloud = newCloud();
    cloud.tell('things', `${first.things.join('\n')}\n`);
    return cloud;
  };
  const destroy = (cloud: FakeCloud, answers: string) =>
    expect(cloud.run(script, [...place, '--destroy'], answers)).toMatchObject({ status: 0 });

  test.each(['no\n', 'Yes\n', ''])('changes nothing when answered %j', (answer) => {
    const cloud = deployed();
    destroy(cloud, answer);
    expect(cloud.calls().filter(({ words }) => words[0] !== 'auth' && words[0] !== 'projects')).toEqual([]);
  });

  test('keeps the pictures, and takes them after the second answer; then finds nothing to do', () => {
    const cloud = deployed();
    for (const answers of ['yes\n', 'yes\nyes\n']) {
      destroy(cloud, answers);
      expect(cloud.things()).toEqual([...leftOver, ...kept].sort());
    }
    destroy(cloud, 'yes\ndelete pictures\n');
    expect(cloud.things()).toEqual(leftOver);
    cloud.calls();
    destroy(cloud, 'yes\ndelete pictures\n');
    expect(changes(cloud.calls())).toEqual([]);
  });

  test('can be followed by a deployment', () => {
    const cloud = newCloud();
    cloud.tell('things', `${[...leftOver, ...kept].join('\n')}\n`);
    expect(cloud.run(script, [...place, ...model])).toMatchObject({ status: 0 });
    expect(cloud.things()).toEqual(first.things);
  });

  test('deletes no picture in the script it prints', () => {
    const cloud = deployed();
    expect(cloud.run('bash', ['-s'], dryRun('--destroy').replaceAll('set -e', 'set '))).toMatchObject({
      stderr: '',
    });
    expect(cloud.things()).toEqual(expect.arrayContaining(kept));
  });
});

describe('the command line', () => {
  test.each([
    [[], 'PROJECT_MISSING'],
    [['my-project'], 'REGION_MISSING'],
    [['my-project', 'eu'], 'OPTION_INVALID: Expected REGION'],
    [['My Project', 'europe-west4'], 'OPTION_INVALID: Expected PROJECT'],
    [[...place, 'more'], 'OPTION_UNKNOWN'],
    [[...place, '--dryrun'], 'OPTION_UNKNOWN'],
    [[...place, '--engine'], 'OPTION_INVALID'],
    [[...place, '--engine', 'dall-e'], 'OPTION_INVALID'],
    [[...place, '--engine', 'endpoint'], 'ENDPOINT_MISSING'],
    [[...place, ...endpoint.slice(0, 4)], 'LOCATION_MISSING'],
    [[...place, ...endpoint, '--daily-cap-usd', '5'], 'PRICE_MISSING'],
    [[...place, '--model', 'some-model'], 'ENGINE_MISSING'],
    [[...place, '--engine', 'gemini', '--model', 'some-model', '--daily-cap-usd', '5'], 'CONFIG_INVALID'],
    [[...place, '--model', 'a,ENGINE=b', '--engine', 'gemini'], 'OPTION_INVALID'],
    [[...place, '--max-instances', '0'], 'OPTION_INVALID'],
    [[...place, '--daily-cap-usd', '1e3'], 'OPTION_INVALID'],
  ])('%j is refused with %s, before any call', (args, message) => {
    const cloud = newCloud();
    expect(cloud.run(script, args)).toMatchObject({ status: 2, stderr: expect.stringContaining(message) });
    expect(cloud.calls()).toEqual([]);
  });

  test('--help names every option', () => {
    const { stdout } = newCloud().run(script, ['--help']);
    const options = readFileSync(script, 'utf8').match(/(?<=^ {4,6}|\| )--[a-z-]+(?= \||\))/gm) ?? [];
    expect(options.length).toBeGreaterThanOrEqual(9);
    for (const option of options) expect(stdout).toContain(option);
  });
});
