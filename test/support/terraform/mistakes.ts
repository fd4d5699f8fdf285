import { bucketsAreDistinct, bucketsArePrivate, claimsGoAndPicturesStay } from './buckets.ts';
import { type Block, type Folder, type Rule, textsOf } from './configuration.ts';
import { eventsComeAgain, tasksAreKept } from './delivery.ts';
import { outputsAreDescribed, variablesAreDescribed } from './documentation.ts';
import { environmentIsKnown, settingsAreFree } from './environment.ts';
import {
  modulesAreCalledRight,
  nothingIsUnused,
  nothingWaitsForItself,
  referencesResolve,
} from './references.ts';
import { nobodyDeletes, nobodyIsEverybody, storageRightsAreOfBuckets } from './rights.ts';
import { codeIsRegistered, identitiesAreOwn, ingressIsNarrow, servicesAreWhole } from './services.ts';

/** Everything that can be changed in a copy: the folder itself, and the module of a function. */
export interface Parts {
  readonly resource: Folder['resource'];
  readonly local: Block;
  readonly module: Folder['module'];
  readonly root: Folder;
  readonly function: Folder;
}

/** `at(block, 'lifecycle_rule', 0, 'condition', 0)` for writing. */
export function at(value: unknown, ...path: (string | number)[]): Block {
  return path.reduce((block, step) => (block as Block)[step] as Block, value as Block) as Block;
}

const serviceConfig = (parts: Parts): Block =>
  at(parts.function.resource, 'google_cloudfunctions2_function', 'this', 'service_config', 0);
const upload = (resource: Parts['resource']): Block => at(resource, 'google_eventarc_trigger', 'upload');
const queues = (resource: Parts['resource']): Block => at(resource, 'google_cloud_tasks_queue', 'jobs');
const bucket = (resource: Parts['resource'], purpose: string): Block =>
  at(resource, 'google_storage_bucket', purpose);

export type Mistake = readonly [rule: Rule, mistake: string, seed: (parts: Parts) => unknown, named: string];

/** For each rule what it must find, done to a copy of the real configuration. */
export const mistakes: readonly Mistake[] = [
  ...[
    ['cpu', 'available_cpu'],
    ['memory', 'available_memory'],
    ['concurrency', 'max_instance_request_concurrency'],
    ['timeout_seconds', 'timeout_seconds'],
    ['min_instances', 'min_instance_count'],
    ['max_instances', 'max_instance_count'],
    ['ingress', 'ingress_settings'],
  ].map(
    ([argument = '', setting = '']): Mistake => [
      servicesAreWhole,
      `sweep without ${argument}`,
      ({ module }) => delete at(module, 'sweep')[argument],
      `module.sweep.google_cloudfunctions2_function.this: expected ${setting}`,
    ],
  ),
  [
    servicesAreWhole,
    'upscale without memory, a row of a table',
    ({ module }) => delete at(module, 'http', 'for_each', 'upscale')['memory'],
    'module.http["upscale"].google_cloudfunctions2_function.this: expected available_memory',
  ],
  [
    servicesAreWhole,
    'functions that run as the default identity of the project',
    (parts) => delete at(serviceConfig(parts))['service_account_email'],
    'expected service_account_email',
  ],
  [
    identitiesAreOwn,
    'functions that share an identity',
    (parts) => (serviceConfig(parts)['service_account_email'] = 'shared@example.com'),
    'expected an identity of its own, got that of module.',
  ],
  [
    ingressIsNarrow,
    'runJob reached from everywhere',
    ({ module }) => (at(module, 'run_job')['ingress'] = 'ALLOW_ALL'),
    'module.run_job.google_cloudfunctions2_function.this',
  ],
  [
    codeIsRegistered,
    'an entry point nobody registers',
    ({ module }) => (at(module, 'sweep')['entry_point'] = 'sweeper'),
    'got sweeper',
  ],
  [
    codeIsRegistered,
    'a function that is not deployed',
    ({ module }) => delete at(module, 'http', 'for_each')['upscale'],
    'Expected upscale to be deployed',
  ],
  [
    environmentIsKnown,
    'a variable with a typing error',
    ({ local }) =>
      (local['job_settings'] = String(local['job_settings']).replace('DAILY_COST_CAP_USD', 'DAILY_COST_CAP')),
    'expected a variable of lib/config.ts, got DAILY_COST_CAP',
  ],
  [
    environmentIsKnown,
    'jobs without the control bucket',
    ({ local }) => (local['job_settings'] = String(local['job_settings']).replace(/CONTROL_BUCKET.*\n/, '')),
    'module.run_job.google_cloudfunctions2_function.this: expected CONTROL_BUCKET',
  ],
  [
    environmentIsKnown,
    'onUpload without a queue',
    ({ module, local }) => (at(module, 'on_upload')['environment'] = local['queue_settings']),
    'module.on_upload.google_cloudfunctions2_function.this: expected TASKS_QUEUE',
  ],
  [
    settingsAreFree,
    'a variable that people may not set',
    ({ local }) =>
      (local['free_settings'] = textsOf(local['free_settings']).filter((name) => name !== 'FEATHER_PX')),
    'local.free_settings: expected FEATHER_PX',
  ],
  [
    settingsAreFree,
    'a variable that people and Terraform set',
    ({ local }) => (local['free_settings'] as string[]).push('ENGINE'),
    'local.free_settings: unexpected ENGINE',
  ],
  [
    nobodyIsEverybody,
    'edit for everybody',
    ({ function: { resource } }) =>
      (at(resource, 'google_cloud_run_v2_service_iam_member', 'invokers')['member'] = 'allUsers'),
    'got allUsers',
  ],
  [
    nobodyIsEverybody,
    'results for everybody with an account',
    ({ resource }) =>
      (at(resource, 'google_storage_bucket_iam_member', 'users_fetch')['member'] = 'allAuthenticatedUsers'),
    'google_storage_bucket_iam_member.users_fetch',
  ],
  ...['admin', 'objectAdmin', 'objectUser', 'legacyBucketWriter', 'legacyBucketOwner'].map(
    (role): Mistake => [
      nobodyDeletes,
      `a worker with storage.${role}`,
      ({ local }) => (at(local, 'bucket_rights', 'run_job_publish')['role'] = `roles/storage.${role}`),
      `google_storage_bucket_iam_member.functions["run_job_publish"]: expected a role that cannot delete objects, got roles/storage.${role}`,
    ],
  ),
  [
    nobodyDeletes,
    'an editor of the project',
    ({ resource }) => (at(resource, 'google_project_iam_member', 'model')['role'] = 'roles/editor'),
    'google_project_iam_member.model',
  ],
  [
    nobodyDeletes,
    'a role of our own that deletes',
    ({ resource }) =>
      (at(resource, 'google_project_iam_custom_role', 'control')['permissions'] as string[]).push(
        'storage.objects.delete',
      ),
    'google_project_iam_custom_role.control: expected create, get, list and update, got storage.objects.delete',
  ],
  [
    storageRightsAreOfBuckets,
    'a builder that reads every bucket',
    ({ resource }) => delete at(resource, 'google_project_iam_member', 'builder_source')['condition'],
    'google_project_iam_member.builder_source',
  ],
  [
    eventsComeAgain,
    'a trigger that tries once',
    ({ resource }) => (upload(resource)['retry_policy'] = [{ max_attempts: 1 }]),
    'google_eventarc_trigger.upload: expected failed deliveries to be repeated',
  ],
  [
    eventsComeAgain,
    "a trigger of the function's own, without retry",
    (parts) =>
      (at(parts.function.resource, 'google_cloudfunctions2_function', 'this')['event_trigger'] = [
        { event_type: 'google.cloud.storage.object.v1.finalized' },
      ]),
    'expected RETRY_POLICY_RETRY',
  ],
  [
    eventsComeAgain,
    'events of the output bucket: a loop',
    ({ resource }) =>
      (at(upload(resource), 'matching_criteria', 1)['value'] = '$'.concat(
        '{google_storage_bucket.output.name}',
      )),
    'expected the input bucket',
  ],
  [
    eventsComeAgain,
    'events of deletions',
    ({ resource }) =>
      (at(upload(resource), 'matching_criteria', 0)['value'] = 'google.cloud.storage.object.v1.deleted'),
    'expected events of finalized objects',
  ],
  [
    eventsComeAgain,
    'no trigger',
    ({ resource }) => delete resource['google_eventarc_trigger'],
    'Expected a trigger of uploads',
  ],
  [
    tasksAreKept,
    'tasks dropped after some attempts',
    ({ resource }) => (at(queues(resource), 'retry_config', 0)['max_attempts'] = 100),
    'google_cloud_tasks_queue.jobs["live"]: expected max_attempts -1, got 100',
  ],
  [
    tasksAreKept,
    'tasks dropped after some time',
    ({ resource }) => (at(queues(resource), 'retry_config', 0)['max_retry_duration'] = '3600s'),
    'expected no max_retry_duration',
  ],
  [
    tasksAreKept,
    'a queue without a limit',
    ({ resource }) => delete at(queues(resource), 'rate_limits', 0)['max_concurrent_dispatches'],
    'google_cloud_tasks_queue.jobs["backfill"]: expected max_concurrent_dispatches',
  ],
  [
    tasksAreKept,
    'uploads and backfill in one queue',
    ({ local }) => delete at(local, 'queues')['backfill'],
    'Expected a live and a backfill queue, got 1',
  ],
  [
    bucketsAreDistinct,
    'results written where photos are dropped',
    ({ local }) => (at(local, 'buckets')['output'] = at(local, 'buckets')['input']),
    'Expected three distinct buckets',
  ],
  [
    bucketsArePrivate,
    'access by object',
    ({ resource }) => (bucket(resource, 'output')['uniform_bucket_level_access'] = false),
    'google_storage_bucket.output: expected uniform access',
  ],
  [
    bucketsArePrivate,
    'a bucket that may become public',
    ({ resource }) => (bucket(resource, 'input')['public_access_prevention'] = 'inherited'),
    'google_storage_bucket.input: expected public access to be prevented',
  ],
  [
    claimsGoAndPicturesStay,
    'claims kept after their deletion',
    ({ resource }) => delete bucket(resource, 'control')['soft_delete_policy'],
    'control: expected no soft delete',
  ],
  [
    claimsGoAndPicturesStay,
    'claims gone before their tasks',
    ({ resource }) => (at(bucket(resource, 'control'), 'lifecycle_rule', 0, 'condition', 0)['age'] = 7),
    'control: expected objects to be deleted after more than 31 days',
  ],
  [
    claimsGoAndPicturesStay,
    'photos deleted by age',
    ({ resource }) =>
      (bucket(resource, 'input')['lifecycle_rule'] = [
        { action: [{ type: 'Delete' }], condition: [{ age: 90 }] },
      ]),
    'input: expected no lifecycle',
  ],
  [
    claimsGoAndPicturesStay,
    'results that go with the bucket',
    ({ resource }) => (bucket(resource, 'output')['force_destroy'] = true),
    'output: expected to be kept',
  ],
  [
    variablesAreDescribed,
    'a variable without a description',
    ({ root }) => delete at(root.variable, 'region')['description'],
    'var.region: expected description',
  ],
  [
    variablesAreDescribed,
    'a range that nobody checks',
    ({ root }) => delete at(root.variable, 'min_instances')['validation'],
    'var.min_instances: expected a validation',
  ],
  [
    variablesAreDescribed,
    'a range of the module that nobody checks',
    (parts) => delete at(parts.function.variable, 'timeout_seconds')['validation'],
    './function: var.timeout_seconds: expected a validation',
  ],
  [
    variablesAreDescribed,
    'a default that nobody names',
    ({ root }) =>
      (at(root.variable, 'alert_pair_age_minutes')['description'] = 'Age of a pair, 15 to 10080.'),
    'var.alert_pair_age_minutes: expected the description to name the default',
  ],
  [
    outputsAreDescribed,
    'an output without a description',
    ({ root }) => delete at(root.output, 'try')['description'],
    'output.try: expected description',
  ],
  ...(
    [
      ['a variable there is not', 'var.regoin'],
      ['a local value there is not', 'local.setting'],
      ['a resource there is not', 'google_storage_bucket.outputs'],
      ['an output there is not', 'module.run_job.uri'],
      ['a source of data there is not', 'data.google_project.that'],
    ] as const
  ).map(
    ([mistake, reference]): Mistake => [
      referencesResolve,
      mistake,
      ({ resource }) => (upload(resource)['name'] = `x-$`.concat(`{lower(${reference})}`)),
      `Expected ${reference} to be declared`,
    ],
  ),
  [
    nothingWaitsForItself,
    'a worker that is told where it is itself',
    ({ local }) =>
      (local['job_settings'] = '$'.concat('{merge(local.engine_settings, { URL = module.run_job.url })}')),
    'local.job_settings -> module.run_job -> local.job_settings',
  ],
  [
    nothingIsUnused,
    'a variable that does nothing',
    ({ root }) => (root.variable['zone'] = {}),
    'Expected a use of var.zone',
  ],
  [
    modulesAreCalledRight,
    'an argument the module does not know',
    ({ module }) => (at(module, 'sweep')['retries'] = 3),
    'module.sweep: unknown argument retries',
  ],
  [
    modulesAreCalledRight,
    'an argument left out',
    ({ module }) => delete at(module, 'sweep')['timeout_seconds'],
    'module.sweep: expected timeout_seconds',
  ],
];
