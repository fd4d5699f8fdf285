import { bucketsAreDistinct, bucketsArePrivate, claimsGoAndPicturesStay } from './buckets.ts';
import { eventsComeAgain, tasksAreKept } from './delivery.ts';
import { outputsAreDescribed, variablesAreDescribed } from './documentation.ts';
import { at, bucket, type Mistake, queues, upload } from './mistake.ts';
import {
  modulesAreCalledRight,
  nothingIsUnused,
  nothingWaitsForItself,
  referencesResolve,
} from './references.ts';

/** What the rules on buckets, delivery and the files themselves must find, done to a copy of the real configuration. */
export const placeMistakes: readonly Mistake[] = [
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
