import type { Reply } from '../../deploy/preflight/google.ts';

type Answer = unknown | ((body: string) => unknown);

/**
 * REST APIs of Google Cloud, as far as the preflight asks them: what answers by method and URL without query.
 */
export interface FakeGoogle {
  /** Everything is right at first. `undefined` answers 404; a `Reply` answers with its status. */
  readonly answers: Record<string, Answer>;
  readonly fetch: typeof fetch;
  /** `POST url` of every request that changed something. */
  readonly changes: string[];
}

export const fakeProject = { project: 'my-project', region: 'europe-west1', number: '1234' } as const;
const { project, region, number } = fakeProject;

export const denied = (message: string, details: unknown[] = []): Reply => ({
  status: 403,
  body: { error: { code: 403, message, details } },
});

const isReply = (answer: unknown): answer is Reply =>
  typeof answer === 'object' && answer !== null && 'status' in answer && 'body' in answer;

const binding = (role: string, member: string) => ({
  bindings: [{ role, members: [`serviceAccount:${member}.iam.gserviceaccount.com`] }],
});
const bucket = (rules: unknown[] = []) => ({
  location: region.toUpperCase(),
  iamConfiguration: { uniformBucketLevelAccess: { enabled: true }, publicAccessPrevention: 'enforced' },
  lifecycle: { rule: rules },
});
const quota = `https://cloudquotas.googleapis.com/v1/projects/${project}/locations/global/services/run.googleapis.com/quotaInfos`;

/** The name of a trial by `deploy/deploy.sh`. */
export const trial = 'inpaint-trial';

/** What a test changes, by short names. @param name of the deployment. */
export function routesOf(name: string) {
  const storage = `https://storage.googleapis.com/storage/v1/b/my-project-${name}`;
  const run = `https://run.googleapis.com/v2/projects/${project}/locations/${region}/services/${name}`;
  const functions = `https://cloudfunctions.googleapis.com/v2/projects/${project}/locations/${region}/functions/${name}`;
  const topics = `https://pubsub.googleapis.com/v1/projects/${project}/topics`;
  const schedule = `https://cloudscheduler.googleapis.com/v1/projects/${project}/locations/${region}/jobs/${name}-sweep${name === trial ? '-clock' : ''}`;
  return {
    project: `GET https://cloudresourcemanager.googleapis.com/v1/projects/${project}`,
    billing: `GET https://cloudbilling.googleapis.com/v1/projects/${project}/billingInfo`,
    apis: `GET https://serviceusage.googleapis.com/v1/projects/${project}/services:batchGet`,
    cpu: `GET ${quota}/CpuAllocPerProjectRegion`,
    memory: `GET ${quota}/MemAllocPerProjectRegion`,
    model: 'GET https://aiplatform.googleapis.com/v1/publishers/google/models/gemini-3.1-flash-image',
    onUpload: `GET ${functions}-on-upload`,
    runJob: `GET ${functions}-run-job`,
    sweep: `GET ${functions}-sweep`,
    input: `GET ${storage}-input`,
    output: `GET ${storage}-output`,
    control: `GET ${storage}-control`,
    notifications: `GET ${storage}-input/notificationConfigs`,
    subscription: `GET https://pubsub.googleapis.com/v1/projects/${project}/subscriptions/${name}-uploads`,
    topic: `GET ${topics}/${name}-uploads`,
    topicPolicy: `GET ${topics}/${name}-uploads:getIamPolicy`,
    resultsPolicy: `GET ${topics}/results:getIamPolicy`,
    triggerPolicy: `POST https://iam.googleapis.com/v1/projects/${project}/serviceAccounts/${name}-trigger@${project}.iam.gserviceaccount.com:getIamPolicy`,
    invokers: `GET ${run}-on-upload:getIamPolicy`,
    projectPolicy: `POST https://cloudresourcemanager.googleapis.com/v1/projects/${project}:getIamPolicy`,
    schedule: `GET ${schedule}`,
    runSchedule: `POST ${schedule}:run`,
    upload: `POST https://storage.googleapis.com/upload/storage/v1/b/my-project-${name}-input/o`,
    outputs: `GET ${storage}-output/o`,
  } as const;
}

export const routes = routesOf('inpaint');

/** @param settings of the deployed functions. @param apis that are enabled. */
export function fakeGoogle(
  settings: Readonly<Record<string, string>>,
  apis: readonly string[],
  name = 'inpaint',
): FakeGoogle {
  const routes = routesOf(name);
  const account = (own: string) => `${name}-${own}@${project}`;
  const topic = `projects/${project}/topics/${name}-uploads`;
  const publishing = binding('roles/pubsub.publisher', `service-${number}@gs-project-accounts`).bindings;
  const asking = binding(
    `projects/${project}/roles/${name.replace('-', '_')}_ask_model`,
    account(name === trial ? 'on-upload' : 'run-job'),
  ).bindings;
  const changes: string[] = [];
  const url = 'https://on-upload';
  const deployed = { state: 'ACTIVE', serviceConfig: { environmentVariables: settings, uri: url } };
  const did = (route: string) => changes.some((change) => change === route);
  const answers: Record<string, Answer> = {
    [routes.project]: { projectNumber: number },
    [routes.billing]: { billingEnabled: true },
    [routes.apis]: { services: apis.map((name) => ({ state: 'ENABLED', config: { name } })) },
    [routes.cpu]: { dimensionsInfos: [{ dimensions: { region }, details: { value: '20000' } }] },
    [routes.memory]: { dimensionsInfos: [{ applicableLocations: [region], details: { value: '-1' } }] },
    [routes.model]: { name: 'publishers/google/models/gemini-3.1-flash-image' },
    ...{ [routes.onUpload]: deployed, [routes.runJob]: deployed, [routes.sweep]: deployed },
    ...{ [routes.input]: bucket(), [routes.output]: bucket(), [routes.control]: bucket([{}]) },
    [routes.notifications]: {
      items: [{ topic: `//pubsub.googleapis.com/${topic}`, event_types: ['OBJECT_FINALIZE'] }],
    },
    [routes.subscription]: {
      ...{ topic, state: 'ACTIVE' },
      pushConfig: {
        pushEndpoint: url,
        oidcToken: { serviceAccountEmail: `${account('trigger')}.iam.gserviceaccount.com` },
      },
    },
    [routes.topic]: { name: topic },
    [routes.topicPolicy]: { bindings: publishing },
    [routes.triggerPolicy]: binding(
      'roles/iam.serviceAccountTokenCreator',
      `service-${number}@gcp-sa-pubsub`,
    ),
    [routes.invokers]: binding('roles/run.invoker', account('trigger')),
    [routes.projectPolicy]: { bindings: [...publishing, ...asking] },
    [routes.schedule]: () => ({
      state: 'ENABLED',
      ...(did(routes.runSchedule) && { lastAttemptTime: '2026-11-28T10:00:00Z', status: {} }),
    }),
    [routes.runSchedule]: {},
    [routes.upload]: {},
    [routes.outputs]: () => ({
      items: did(routes.upload) ? [{ name: 'preflight/x/photo.png/0/manifest.json' }] : [],
    }),
  };
  const answerTo = (route: string, body: string): Reply => {
    const answer = answers[route];
    const given: unknown = typeof answer === 'function' ? answer(body) : answer;
    if (given === undefined) return { status: 404, body: { error: { message: `${route} was not found` } } };
    return isReply(given) ? given : { status: 200, body: given };
  };
  return {
    answers,
    changes,
    fetch: async (input, init) => {
      const url = new URL(String(input));
      const route = `${init?.method ?? 'GET'} ${url.origin}${decodeURIComponent(url.pathname)}`;
      if (route === routes.upload || route === routes.runSchedule) changes.push(route);
      const { status, body } = answerTo(route, typeof init?.body === 'string' ? init.body : '');
      return Response.json(body, { status });
    },
  };
}
