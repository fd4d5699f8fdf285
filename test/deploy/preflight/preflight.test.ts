import { describe, expect, test } from 'vitest';
import { readTerraform, textsOf } from '../../../deploy/docs/terraform-deployment.ts';
import { google } from '../../../deploy/preflight/google.ts';
import { openPlace } from '../../../deploy/preflight/open.ts';
import { lineOf, preflight } from '../../../deploy/preflight/preflight.ts';
import { apisOf } from '../../../deploy/preflight/project.ts';
import {
  denied,
  type FakeGoogle,
  fakeGoogle,
  fakeProject,
  routes,
  routesOf,
  trial,
} from '../../support/fake-google.ts';
import { useFaultyModel } from '../../support/use.ts';

const model = await useFaultyModel();

const settings = () => ({
  ...{ ENGINE: 'gemini', MODEL: 'gemini-3.1-flash-image', GOOGLE_CLOUD_PROJECT: 'my-project' },
  ...{ INPUT_BUCKET: 'input', OUTPUT_BUCKET: 'output', CONTROL_BUCKET: 'control', MODEL_BASE_URL: model.url },
});
const healthy = (): FakeGoogle => fakeGoogle(settings(), apisOf({ name: 'inpaint' }));

const withoutModel = (): FakeGoogle =>
  fakeGoogle({ ...settings(), ENGINE: 'patchmatch', MODEL: '' }, apisOf({ name: 'inpaint' }));

interface Outcome {
  readonly faults: number;
  readonly lines: readonly string[];
  readonly questions: readonly string[];
}

async function look(
  cloud: FakeGoogle,
  { mayTry = true, environment = {}, name = 'inpaint' } = {},
): Promise<Outcome> {
  const { project, region } = fakeProject;
  const [lines, questions]: [string[], string[]] = [[], []];
  const ours = google({ project, authorize: async () => new Headers(), fetch: cloud.fetch });
  const place = await openPlace({ project, region, name, google: ours, wait: async () => {} }, environment);
  if ('mend' in place) return { faults: 1, lines: [lineOf('project', place)], questions };
  const faults = await preflight(place, {
    print: (line) => lines.push(line),
    mayTry: async (question) => {
      questions.push(question);
      return mayTry;
    },
  });
  return { faults, lines, questions };
}

test('a deployment in order passes every check and is tried out once, after a question with its price', async () => {
  const cloud = healthy();
  const { faults, lines, questions } = await look(cloud);
  expect(lines.filter((line) => !line.startsWith('ok   '))).toEqual([]);
  expect([faults, lines.length]).toEqual([0, 12]);
  expect(questions).toEqual([expect.stringContaining('about 0.13 USD')]);
  expect(cloud.changes).toEqual([routes.runSchedule, routes.upload, routes.upload]);
  expect(model.calls()).toMatchObject([{ model: 'gemini-3.1-flash-image', status: 200 }]);
});

test('without leave nothing is called, run or dropped', async () => {
  const cloud = healthy();
  expect(await look(cloud, { mayTry: false })).toMatchObject({ faults: 0 });
  expect([cloud.changes, model.calls()]).toEqual([[], []]);
});

test('before a deployment the project is looked at with the settings of the environment, and nothing is tried', async () => {
  const cloud = healthy();
  cloud.answers[routes.runJob] = undefined;
  const { faults, lines, questions } = await look(cloud, {
    environment: { MODEL: 'gemini-3.1-flash-image' },
  });
  expect([faults, questions]).toEqual([0, []]);
  expect(lines.at(-1)).toContain('not deployed');
});

const off = denied('Cloud Billing API has not been used in project 1 before or it is disabled.\nMore', [
  {
    reason: 'SERVICE_DISABLED',
    metadata: { service: 'cloudbilling.googleapis.com', consumer: 'projects/my-project' },
  },
]);
const open = { uniformBucketLevelAccess: { enabled: true }, publicAccessPrevention: 'inherited' };
const aclBucket = { uniformBucketLevelAccess: { enabled: false }, publicAccessPrevention: 'enforced' };
const bucket = {
  location: 'EUROPE-WEST1',
  iamConfiguration: { ...aclBucket, ...open },
  lifecycle: { rule: [] },
};
const closed = { ...bucket.iamConfiguration, publicAccessPrevention: 'enforced' };

const withoutRun = apisOf({ name: 'inpaint' }).map((name) => ({
  state: name.startsWith('run.') ? 'DISABLED' : 'ENABLED',
  config: { name },
}));
const viewer = {
  role: 'roles/run.viewer',
  members: ['serviceAccount:inpaint-trigger@my-project.iam.gserviceaccount.com'],
};

const uploads = 'projects/my-project/topics/inpaint-uploads';
const pushConfig = {
  pushEndpoint: 'https://on-upload',
  oidcToken: { serviceAccountEmail: 'inpaint-trigger@my-project.iam.gserviceaccount.com' },
};

/** What is changed, the sentence about it, and what mends it. Nothing is tried out after any of these. */
const wrong: readonly (readonly [keyof typeof routes, unknown, RegExp, RegExp])[] = [
  [
    'project',
    denied('The caller does not have permission'),
    /project my-project to answer, got 403/,
    /gcloud auth/,
  ],
  ['billing', {}, /billing account, got none/, /gcloud billing projects link my-project/],
  [
    'billing',
    off,
    /got 403: Cloud Billing API has not been used.*disabled\.$/m,
    /services enable cloudbilling\S+ --project=my-project/,
  ],
  [
    'apis',
    { services: withoutRun },
    /disabled: run.googleapis.com$/m,
    /gcloud services enable run.googleapis.com --project=my-project/,
  ],
  ['apis', denied('no'), /the list of APIs, got 403: no/, /enable serviceusage/],
  [
    'cpu',
    { dimensionsInfos: [{ dimensions: { region: 'europe-west1' }, details: { value: 8000 } }] },
    /20000 milli vCPU .* got 8000/,
    /lower max_workers/,
  ],
  ['memory', undefined, /the quota MemAllocPerProjectRegion, got 404/, /enable cloudquotas/],
  ['model', undefined, /gemini-3.1-flash-image to be served in global, got 404/, /another LOCATION/],
  ['model', denied('off'), /to be served in global, got 403/, /enable aiplatform/],
  ['onUpload', undefined, /function inpaint-on-upload, got 404/, /terraform apply/],
  [
    'sweep',
    { state: 'FAILED', serviceConfig: {} },
    /inpaint-sweep to be ACTIVE, got FAILED/,
    /gcloud functions describe/,
  ],
  ['input', undefined, /bucket my-project-inpaint-input, got 404/, /terraform apply/],
  [
    'input',
    { ...bucket, iamConfiguration: closed, location: 'US' },
    /-input in europe-west1, got us/,
    /Deploy to us/,
  ],
  ['output', { ...bucket, iamConfiguration: aclBucket }, /uniform access/, /--uniform-bucket-level-access/],
  ['output', bucket, /closed to the public, got inherited/, /--public-access-prevention/],
  [
    'output',
    { ...bucket, iamConfiguration: closed, lifecycle: { rule: [{}] } },
    /no rule that deletes/,
    /--clear-lifecycle/,
  ],
  ['control', { ...bucket, iamConfiguration: closed }, /deletes old claims/, /terraform apply/],
  ['notifications', {}, /tell of every upload on \S+inpaint-uploads, got 0/, /terraform apply/],
  [
    'notifications',
    { items: [{ topic: `//pubsub.googleapis.com/${uploads}`, object_name_prefix: 'x/' }] },
    /every upload on projects.my-project.topics.inpaint-uploads, got 1/,
    /terraform apply/,
  ],
  [
    'notifications',
    { items: [{ topic: '//pubsub.googleapis.com/projects/my-project/topics/other' }] },
    /every upload on \S+inpaint-uploads, got 1/,
    /terraform apply/,
  ],
  ['topic', undefined, /the topic projects.my-project.topics.inpaint-uploads, got 404/, /terraform apply/],
  ['notifications', denied('no'), /the notifications of/, /terraform apply/],
  ['subscription', undefined, /subscription inpaint-uploads, got 404/, /terraform apply/],
  [
    'subscription',
    { topic: '_deleted-topic_', pushConfig },
    /to read \S+inpaint-uploads, got _deleted-topic_/,
    /-replace=google_pubsub_subscription.uploads/,
  ],
  [
    'subscription',
    { topic: uploads, state: 'RESOURCE_ERROR', pushConfig },
    /ACTIVE, got RESOURCE_ERROR/,
    /terraform apply/,
  ],
  [
    'subscription',
    { topic: uploads, pushConfig: { ...pushConfig, pushEndpoint: '' } },
    /push to https:..on-upload, got nowhere/,
    /subscriptions update inpaint-uploads .*--push-endpoint=https:..on-upload/,
  ],
  [
    'subscription',
    { topic: uploads, pushConfig: { pushEndpoint: 'https://on-upload' } },
    /push as inpaint-trigger@\S+, got nobody/,
    /--push-auth-service-account=inpaint-trigger@/,
  ],
  [
    'topicPolicy',
    {},
    /Cloud Storage to publish events, got none/,
    /pubsub topics add-iam-policy-binding inpaint-uploads .*service-1234@gs-project-accounts/,
  ],
  [
    'triggerPolicy',
    {},
    /Pub\/Sub to make tokens of the trigger/,
    /service-accounts add-iam-policy-binding inpaint-trigger@.*serviceAccountTokenCreator/,
  ],
  [
    'invokers',
    { bindings: [viewer] },
    /the trigger to call onUpload/,
    /run services add-iam-policy-binding inpaint-on-upload .*run.invoker/,
  ],
  ['projectPolicy', {}, /the worker to ask models/, /terraform apply/],
  ['projectPolicy', denied('no'), /to see the right of the worker/, /terraform apply/],
];

describe('before anything is tried out, it tells', () => {
  test.each(wrong)('%s (%#)', async (route, answer, message, mend) => {
    const cloud = healthy();
    cloud.answers[routes[route]] = answer;
    const { faults, lines, questions } = await look(cloud);
    const failed = lines.filter((line) => line.startsWith('FAIL'));
    expect(failed).toEqual([expect.stringMatching(message)]);
    expect(failed[0]?.split('\n')[1]).toMatch(mend);
    expect([faults, questions, cloud.changes]).toEqual([1, [], []]);
  });

  test('that a function may not tell of results', async () => {
    const RESULTS_TOPIC = 'projects/my-project/topics/results';
    const cloud = fakeGoogle({ ...settings(), RESULTS_TOPIC }, apisOf({ name: 'inpaint' }));
    const members = ['serviceAccount:inpaint-run-job@my-project.iam.gserviceaccount.com'];
    cloud.answers[routes.resultsPolicy] = { bindings: [{ role: 'roles/pubsub.publisher', members }] };
    const { lines } = await look(cloud);
    expect(lines.filter((line) => line.startsWith('FAIL'))).toEqual([
      expect.stringMatching(
        /inpaint-sweep to tell of results, got none\n.*topics add-iam-policy-binding \S+results .*inpaint-sweep@/,
      ),
    ]);
  });

  test('settings that no function can read', async () => {
    const { faults, lines } = await look(fakeGoogle({ ...settings(), MAX_REGIONS: 'many' }, []));
    expect([faults, lines]).toEqual([
      1,
      [expect.stringMatching(/MAX_REGIONS[\s\S]+Set the named variables/)],
    ]);
  });

  test('settings that a function refuses', async () => {
    const unpriced = { ...settings(), MODEL: 'some-model', DAILY_COST_CAP_USD: '5' };
    const cloud = fakeGoogle(unpriced, apisOf({ name: 'inpaint' }));
    cloud.answers[routes.model.replace('gemini-3.1-flash-image', 'some-model')] = {};
    cloud.answers[
      'GET https://us-central1-aiplatform.googleapis.com/v1/publishers/google/models/some-model'
    ] = {};
    const { lines } = await look(cloud);
    expect(lines.filter((line) => line.startsWith('FAIL'))).toEqual([
      expect.stringMatching(/a price for gemini:some-model/),
    ]);
  });
});

const failedSweep = { state: 'ENABLED', lastAttemptTime: 'now', status: { code: 13, message: 'INTERNAL' } };
const file = { code: 'MODEL_PERMISSION', message: 'Expected a right, got none' };
/** What goes wrong while it is tried out. */
const tried: readonly (readonly [string, (cloud: FakeGoogle) => object, RegExp, RegExp])[] = [
  [
    'a sweep without a schedule',
    () => ({ [routes.schedule]: undefined }),
    /schedule inpaint-sweep, got 404/,
    /terraform apply/,
  ],
  [
    'a paused sweep',
    () => ({ [routes.schedule]: { state: 'PAUSED' } }),
    /enabled, got PAUSED/,
    /jobs resume inpaint-sweep/,
  ],
  [
    'a sweep that may not be run',
    () => ({ [routes.runSchedule]: denied('no') }),
    /to run inpaint-sweep, got 403/,
    /jobs run/,
  ],
  [
    'a sweep that fails',
    ({ changes }) => ({ [routes.schedule]: () => (changes.length > 0 ? failedSweep : {}) }),
    /end well, got status 13 INTERNAL/,
    /logs read inpaint-sweep/,
  ],
  [
    'a sweep without end',
    () => ({ [routes.schedule]: {} }),
    /within 5 minutes, got no end/,
    /logs read inpaint-sweep/,
  ],
  [
    'an upload that is refused',
    () => ({ [routes.upload]: denied('no') }),
    /to upload to my-project-inpaint-input/,
    /application-default login/,
  ],
  [
    'a job that fails',
    () => ({
      [routes.outputs]: { items: [{ name: 'preflight/x/error.json' }] },
      [`${routes.outputs}/preflight/x/error.json`]: file,
    }),
    /got MODEL_PERMISSION: Expected a right/,
    /aiplatform.endpoints.predict/,
  ],
  [
    'a drop without a result',
    () => ({ [routes.outputs]: {} }),
    /none by its event and none by a sweep/,
    /logs read inpaint-run-job/,
  ],
  [
    'a result that only the sweep makes',
    ({ changes }) => {
      const sweeps = () => changes.filter((change) => change === routes.runSchedule).length;
      return {
        [routes.schedule]: () => ({ lastAttemptTime: String(sweeps()) }),
        [routes.outputs]: () => ({ items: sweeps() > 1 ? [{ name: 'x/manifest.json' }] : [] }),
      };
    },
    /event of the dropped pair to arrive/,
    /logs read inpaint-on-upload.*terraform apply/,
  ],
];

describe('while it is tried out, it tells', () => {
  test.each(tried)('%s', async (_, spoil, message, mend) => {
    const cloud = withoutModel();
    Object.assign(cloud.answers, spoil(cloud));
    const { lines } = await look(cloud);
    const failed = lines.filter((line) => line.startsWith('FAIL'));
    expect(failed).toEqual([expect.stringMatching(message)]);
    expect(failed[0]?.split('\n')[1]).toMatch(mend);
  });

  test('a model that refuses the body of jobs', async () => {
    model.behave({ status: 400 });
    const { lines } = await look(healthy());
    expect(lines.filter((line) => line.startsWith('FAIL'))).toEqual([
      expect.stringMatching(/one call of the model: (ENGINE_REJECTED|MODEL_INCOMPATIBLE)/),
    ]);
  });

  test('that an embedded engine costs nothing', async () => {
    expect(await look(withoutModel())).toMatchObject({
      faults: 0,
      questions: [expect.stringContaining('0.00 USD')],
    });
    expect(model.calls()).toEqual([]);
  });
});

describe('a trial by deploy.sh', () => {
  const own = routesOf(trial);
  const cloudOf = () => fakeGoogle(settings(), apisOf({ name: trial }), trial);

  test('in order passes every check, and is tried out', async () => {
    const cloud = cloudOf();
    for (const route of [own.runJob, own.topic, own.topicPolicy, own.subscription])
      cloud.answers[route] = undefined;
    const { faults, lines } = await look(cloud, { name: trial });
    expect(lines.filter((line) => !line.startsWith('ok   '))).toEqual([]);
    expect([faults, cloud.changes]).toEqual([0, [own.runSchedule, own.upload, own.upload]]);
  });

  const redeploy = /deploy\/deploy.sh my-project europe-west1/;
  const publisher = 'serviceAccount:service-1234@gs-project-accounts.iam.gserviceaccount.com';
  const asker = 'serviceAccount:inpaint-trial-on-upload@my-project.iam.gserviceaccount.com';
  const granted = {
    publisher: { role: 'roles/pubsub.publisher', members: [publisher] },
    asker: { role: 'projects/my-project/roles/inpaint_trial_ask_model', members: [asker] },
  };
  test.each<readonly [keyof typeof own, unknown, RegExp, RegExp]>([
    ['sweep', undefined, /the function inpaint-trial-sweep, got 404/, redeploy],
    ['output', undefined, /the bucket my-project-inpaint-trial-output, got 404/, redeploy],
    ['notifications', {}, /my-project-inpaint-trial-input to tell of every upload, got 0/, redeploy],
    [
      'projectPolicy',
      { bindings: [granted.asker] },
      /Cloud Storage to publish events, got none/,
      /projects add-iam-policy-binding my-project .*service-1234@gs-project-accounts.*roles.pubsub.publisher/,
    ],
    ['projectPolicy', { bindings: [granted.publisher] }, /the worker to ask models, got none/, redeploy],
    ['schedule', undefined, /the schedule inpaint-trial-sweep-clock, got 404/, redeploy],
  ])('tells what is wrong: %s (%#)', async (route, answer, message, mend) => {
    const cloud = cloudOf();
    cloud.answers[own[route]] = answer;
    const { lines } = await look(cloud, { name: trial });
    const failed = lines.filter((line) => line.startsWith('FAIL'));
    expect(failed).toEqual([expect.stringMatching(message)]);
    expect(failed[0]?.split('\n')[1]).toMatch(mend);
  });
});

test('it looks for the APIs that Terraform enables', async () => {
  const { root } = await readTerraform();
  expect(apisOf({ name: 'inpaint' })).toEqual(textsOf(root.local['apis']).sort());
});
