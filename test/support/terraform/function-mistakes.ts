import { textsOf } from './configuration.ts';
import { environmentIsKnown, settingsAreFree } from './environment.ts';
import { at, type Mistake, serviceConfig } from './mistake.ts';
import { nobodyDeletes, nobodyIsEverybody, storageRightsAreOfBuckets } from './rights.ts';
import { codeIsRegistered, identitiesAreOwn, ingressIsNarrow, servicesAreWhole } from './services.ts';

/** What the rules on functions and their rights must find, done to a copy of the real configuration. */
export const functionMistakes: readonly Mistake[] = [
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
    ({ local }) => delete at(local, 'http', 'upscale')['memory'],
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
    ({ local }) => delete at(local, 'http')['upscale'],
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
];
