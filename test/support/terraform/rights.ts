import { nestedAll, ofType, type Resource, type Rule, textsOf } from './configuration.ts';

export const nobodyIsEverybody: Rule = (resources) =>
  resources.flatMap(({ address, body }) =>
    textsOf(body)
      .filter((text) => /\ball(Authenticated)?Users\b/.test(text))
      .map((text) => `${address}: expected named members, got ${text}`),
  );

/** Roles of Google that neither delete nor overwrite objects; every other one is refused until somebody has looked. */
const harmlessRoles = new Set([
  'roles/aiplatform.user',
  'roles/artifactregistry.writer',
  'roles/cloudtasks.enqueuer',
  'roles/eventarc.eventReceiver',
  'roles/iam.serviceAccountUser',
  'roles/logging.logWriter',
  'roles/pubsub.publisher',
  'roles/run.invoker',
  'roles/storage.objectCreator',
  'roles/storage.objectViewer',
]);

export const nobodyDeletes: Rule = (resources) => [
  ...resources.flatMap(({ address, body: { role } }) =>
    typeof role !== 'string' ||
    harmlessRoles.has(role) ||
    /^\$\{google_project_iam_custom_role\.\w+\.id\}$/.test(role)
      ? []
      : [`${address}: expected a role that cannot delete objects, got ${role}`],
  ),
  ...ofType(resources, 'google_project_iam_custom_role').flatMap(({ address, body }) =>
    textsOf(body['permissions'])
      .filter((permission) => !/^storage\.objects\.(create|get|list|update)$/.test(permission))
      .map((permission) => `${address}: expected create, get, list and update, got ${permission}`),
  ),
];

/** What is given for a whole project holds for every bucket of it. */
export const storageRightsAreOfBuckets: Rule = (resources) =>
  ofType(resources, 'google_project_iam_member').flatMap(({ address, body }) =>
    /storage|custom_role/.test(String(body['role'])) && nestedAll(body, 'condition').length === 0
      ? [`${address}: expected a right to one bucket, got ${String(body['role'])} for the project`]
      : [],
  );

/** What a right is to, by the argument that names it; without any it is to the project. */
const targets = ['bucket', 'repository', 'service_account_id', 'name'];
/** Without `${}`, and without the `try` around what only some deployments have. */
const bare = (expression: unknown): string =>
  String(expression)
    .replace(/^\$\{(.+)\}$/, '$1')
    .replace(/^try\((.+), null\)$/, '$1');

/** Every right that is given, as `member: role on what`. */
export const grantsOf = (resources: readonly Resource[]): string[] =>
  resources
    .filter(({ type }) => type.endsWith('_iam_member'))
    .map(({ address, body }) => {
      const member = bare(body['member']).replace('each.value', `each of ${bare(body['for_each'])}`);
      const module = /^module\.[^.]+\./.exec(address)?.[0] ?? '';
      const target = targets.map((name) => body[name]).find((value) => value !== undefined);
      return `${member}: ${bare(body['role'])} on ${target === undefined ? 'the project' : module + bare(target)}`;
    })
    .sort();
