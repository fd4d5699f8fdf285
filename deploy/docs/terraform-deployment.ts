import { join } from 'node:path';
import {
  agentOf,
  type Bucket,
  type DeployedFunction,
  type Deployment,
  type Grant,
  type Queue,
  type Trigger,
} from './deployment.ts';
import {
  type Block,
  type Folder,
  isBlock,
  nested,
  nestedAll,
  type Resource,
  readFolder,
  resourcesOf,
} from './read-terraform.ts';

export const terraformFolder: string = join(import.meta.dirname, '../terraform');
const project = 'my-project';
const region = 'europe-west1';

export interface Terraform {
  readonly root: Folder;
  readonly resources: readonly Resource[];
}

/**
 * `deploy/terraform` with its defaults, in a project `my-project`.
 *
 * @param change is made to the text of each folder first.
 */
export async function readTerraform(change?: (text: string) => string): Promise<Terraform> {
  const root = await readFolder(terraformFolder, change);
  const module = await readFolder(join(terraformFolder, 'function'), change);
  const [engine, model = ''] = String(root.variable['model']?.['default']).split(':');
  const values = { var: { project, region }, local: { engine, model } };
  return { root, resources: resourcesOf(root, module, values) };
}

export function terraformDeployment({ resources }: Terraform): Deployment {
  const all = (type: string) => resources.filter((resource) => resource.type === type);
  return {
    functions: all('google_cloudfunctions2_function').map((resource) => functionOf(resource, resources)),
    grants: resources.filter((one) => one.type.endsWith('_iam_member') && isMade(one)).map(grantOf),
    buckets: all('google_storage_bucket').map(bucketOf),
    triggers: [
      ...all('google_storage_notification').map(({ body }) => triggerOf(body, resources)),
      // A trigger that belongs to the function repeats nothing unless told so.
      ...all('google_cloudfunctions2_function')
        .flatMap(({ body }) => nestedAll(body, 'event_trigger'))
        .map((): Trigger => ({ bucket: 'unknown', region: '', identity: '', isRepeated: false })),
    ],
    queues: all('google_cloud_tasks_queue').map(({ body }) => queueOf(body)),
    ownRoles: Object.fromEntries(
      all('google_project_iam_custom_role').map(({ address, body }) => [
        address.split('.')[1],
        body['permissions'] as string[],
      ]),
    ),
  };
}

function functionOf({ address, body }: Resource, resources: readonly Resource[]): DeployedFunction {
  const [build, service] = [nested(body, 'build_config'), nested(body, 'service_config')];
  const account = /^\$\{google_service_account\.(\w+)\.email\}$/.exec(
    slept(String(service['service_account_email']), address, resources),
  );
  return {
    name: String(body['name']).replace(/^inpaint-/, ''),
    entryPoint: String(build['entry_point']),
    runtime: String(build['runtime']),
    // An account `this` was made in the module of the function.
    identity: account?.[1] === 'this' ? address.replace(/\.google_.+$/, '') : (account?.[1] ?? ''),
    environment: environmentOf(String(service['environment_variables']), resources),
    memory: String(service['available_memory']),
    cpu: Number(service['available_cpu']),
    concurrency: Number(service['max_instance_request_concurrency']),
    minInstances: numberOf(service['min_instance_count']),
    maxInstances: numberOf(service['max_instance_count']),
    timeoutSeconds: Number(service['timeout_seconds']),
    isInternal: service['ingress_settings'] === 'ALLOW_INTERNAL_ONLY',
  };
}

/** `${time_sleep.account.triggers["email"]}` -> what is handed on after the wait, in the same module. */
function slept(expression: string, address: string, resources: readonly Resource[]): string {
  const [, name, key = ''] = /^\$\{time_sleep\.(\w+)\.triggers\["(\w+)"\]\}$/.exec(expression) ?? [];
  if (name === undefined) return expression;
  const sleep = `${address.replace(/google_.+$/, '')}time_sleep.${name}`;
  const found = resources.find((resource) => resource.address === sleep);
  return String(nested(found?.body ?? {}, 'triggers')[key]);
}

/** The variables and values that an expression such as `merge(..., { NAME = value })` sets. */
function environmentOf(expression: string, resources: readonly Resource[]): Record<string, string> {
  const pairs = expression.matchAll(/\b([A-Z][A-Z0-9_]+)\s*=(?!=)\s*([^,}\n]+)/g);
  return Object.fromEntries(
    [...pairs].map(([, name, value]) => [name, textOf(String(value).trim(), resources)]),
  );
}

/** @throws when the value of the expression is not known: then `valuesOf` needs another line. */
function textOf(expression: string, resources: readonly Resource[]): string {
  const named = (type: string, name: string, attribute: string) =>
    resources.find(({ address }) => address === `${type}.${name}`)?.body[attribute];
  const values: readonly (readonly [RegExp, (name: string) => unknown])[] = [
    [/^"(.*)"$/, (text) => text],
    [/^([\d.]+)$/, (text) => text],
    [/^(?:\S+) == null \? "none" : tostring\((\S+)\)$/, (text) => text],
    [/^(\(\d+ - \d+\) \* \d+)$/, calculated],
    [/^google_storage_bucket\.(\w+)\.name$/, (name) => named('google_storage_bucket', name, 'name')],
    [
      /^google_service_account\.(\w+)\.email$/,
      (name) => `${named('google_service_account', name, 'account_id')}@${project}.iam.gserviceaccount.com`,
    ],
    [
      /^google_cloud_tasks_queue\.(jobs\["\w+"\])\.id$/,
      (name) =>
        `projects/${project}/locations/${region}/queues/${named('google_cloud_tasks_queue', name, 'name')}`,
    ],
    [/^google_pubsub_topic\.(\w+)\[0\]\.id$/, (name) => `projects/${project}/topics/${name}`],
    [/^module\.(\w+)\.url$/, (name) => `https://${name.replaceAll('_', '-')}.run.app`],
  ];
  for (const [pattern, value] of values) {
    const [, part] = pattern.exec(expression) ?? [];
    if (part !== undefined) return String(value(part));
  }
  throw new Error(`Expected an expression with a known value, got ${expression}`);
}

/** `(540 - 30) * 1000` -> 510000. */
function calculated(product: string): number {
  const [from = 0, minus = 0, times = 0] = [...product.matchAll(/\d+/g)].map(Number);
  return (from - minus) * times;
}

/** `max(0, min(10, 10))` -> 10; `min(10, ceil(...))` -> 10, the most it can be. */
function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  const [, least, first, second] = /^\$\{(?:max\((\d+), )?min\((\d+), (?:(\d+)\))?/.exec(String(value)) ?? [];
  return Math.max(Number(least ?? 0), Math.min(Number(first), Number(second ?? first)));
}

/** False for what only another of several functions gets: `each.key == "edit" ? ... : {}`. */
function isMade({ address, body }: Resource): boolean {
  const [, only] = /each\.key == "(\w+)" \?/.exec(String(body['for_each'])) ?? [];
  return only === undefined || address.includes(`["${only}"]`);
}

function grantOf({ address, body }: Resource): Grant {
  const role = String(body['role']);
  const condition = nested(body, 'condition')['expression'];
  return {
    identity: identityOf(memberOf(address, body), String(body['for_each'] ?? '')),
    role: /custom_role\.(\w+)(?:\[0\])?\.id/.exec(role)?.[1] ?? role.replace(/^roles\//, ''),
    on: placeOf(address, body),
    condition: condition === undefined ? undefined : String(condition),
  };
}

const kebab = (name: string): string => name.replaceAll('_', '-');

/** A function's own account has no name of its own within its module. */
const memberOf = (address: string, { member }: Block): string =>
  String(member).replace('google_service_account.this', address.replace(/\.google_.+$/, ''));

/** `${module.run_job.member}` -> `run-job`. */
function identityOf(member: string, each: string): string {
  if (member.includes('each.value') && /var\.users|studio_members/.test(each)) return 'users';
  const agent = agentOf(member);
  if (agent !== undefined) return agent;
  const [, http, other] =
    /(?:module\.http\["(\w+)"\]|(?:module|google_service_account)\.(\w+)(?:\["on"\])?)\.member/.exec(
      member,
    ) ?? [undefined, undefined, undefined];
  return kebab(http ?? other ?? member);
}

const places: readonly (readonly [string, RegExp])[] = [
  ['bucket', /google_storage_bucket\.(\w+)\./],
  ['queue', /google_cloud_tasks_queue\.jobs\["(\w+)"\]/],
  ['identity', /google_service_account\.(\w+)\./],
  ['topic', /google_pubsub_topic\.(\w+)(?:\[0\])?\./],
  ['subscription', /google_pubsub_subscription\.(\w+)\./],
];

function placeOf(address: string, body: Block): string {
  if (address.includes('google_secret_manager')) return 'secret HTTP_ENGINE_SECRET, if there is one';
  if (address.includes('google_kms')) return 'key of your own, if there is one';
  if (address.includes('google_iap')) return 'studio behind IAP, if it is';
  const module = /^module\.(?:http\["(\w+)"\]|(\w+))\./.exec(address);
  if (module !== null) return `function ${kebab(String(module[1] ?? module[2]))}`;
  const named = ['bucket', 'repository', 'service_account_id', 'topic', 'subscription', 'name'];
  const target = String(named.map((name) => body[name]).find((value) => value !== undefined));
  for (const [kind, pattern] of places) {
    const [, name] = pattern.exec(target) ?? [];
    if (name !== undefined) return `${kind} ${kebab(name)}`;
  }
  return target.includes('artifact_registry') ? 'images' : 'project';
}

function bucketOf({ address, body }: Resource): Bucket {
  const rules = nestedAll(body, 'lifecycle_rule');
  const ages = rules.map((rule) => Number(nested(rule, 'condition')['age']));
  return {
    purpose: address.split('.')[1] ?? '',
    name: String(body['name']),
    region: String(body['location']),
    isPrivate:
      body['uniform_bucket_level_access'] === true && body['public_access_prevention'] === 'enforced',
    deletedAfterDays: ages.length === 0 ? undefined : Math.min(...ages),
    keepsDeleted: nested(body, 'soft_delete_policy')['retention_duration_seconds'] !== 0,
    isForced: body['force_destroy'] === true,
  };
}

/** A bucket's notifications, and the subscription that pushes them to `onUpload`. */
function triggerOf(body: Block, resources: readonly Resource[]): Trigger {
  const [, bucket = 'unknown'] =
    /^\$\{google_storage_bucket\.(\w+)\.name\}$/.exec(String(body['bucket'])) ?? [];
  const subscription =
    resources.find(
      ({ type, body: { topic } }) => type === 'google_pubsub_subscription' && topic === body['topic'],
    )?.body ?? {};
  const push = nested(subscription, 'push_config');
  const [, identity = ''] =
    /google_service_account\.(\w+)\./.exec(String(nested(push, 'oidc_token')['service_account_email'])) ?? [];
  const isUpload =
    String(body['event_types']) === 'OBJECT_FINALIZE' && push['push_endpoint'] === `\${module.on_upload.url}`;
  return {
    bucket: isUpload && subscription['filter'] === undefined ? bucket : 'unknown',
    region: bucketRegion(bucket, resources),
    identity,
    isRepeated:
      Number.parseInt(String(subscription['message_retention_duration']), 10) >= daySeconds &&
      nested(subscription, 'expiration_policy')['ttl'] === '',
  };
}

const daySeconds = 86_400;

/** Notifications come from wherever the bucket is. */
const bucketRegion = (name: string, resources: readonly Resource[]): string =>
  String(resources.find(({ address }) => address === `google_storage_bucket.${name}`)?.body['location']);

function queueOf(body: Block): Queue {
  const [limits, retry] = [nested(body, 'rate_limits'), nested(body, 'retry_config')];
  const duration = retry['max_retry_duration'];
  return {
    name: String(body['name']).replace(/^inpaint-/, ''),
    maxAttempts: Number(retry['max_attempts']),
    maxRetryDuration: duration === undefined ? undefined : String(duration),
    perSecond: Number(limits['max_dispatches_per_second']),
    atOnce: Number(limits['max_concurrent_dispatches']),
  };
}

/** Every text of a parsed block. */
export function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(textsOf);
  return isBlock(value) ? Object.values(value).flatMap(textsOf) : [];
}
