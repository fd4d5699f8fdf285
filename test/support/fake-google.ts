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
const storage = 'https://storage.googleapis.com/storage/v1/b/my-project-inpaint';
const run = `https://run.googleapis.com/v2/projects/${project}/locations/${region}/services/inpaint`;
const functions = `https://cloudfunctions.googleapis.com/v2/projects/${project}/locations/${region}/functions/inpaint`;
const quota = `https://cloudquotas.googleapis.com/v1/projects/${project}/locations/global/services/run.googleapis.com/quotaInfos`;

/** What a test changes, by short names. */
export const routes = {
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
  subscription: `GET https://pubsub.googleapis.com/v1/projects/${project}/subscriptions/inpaint-uploads`,
  topicPolicy: `GET https://pubsub.googleapis.com/v1/projects/${project}/topics/inpaint-uploads:getIamPolicy`,
  triggerPolicy: `POST https://iam.googleapis.com/v1/projects/${project}/serviceAccounts/inpaint-trigger@${project}.iam.gserviceaccount.com:getIamPolicy`,
  invokers: `GET ${run}-on-upload:getIamPolicy`,
  projectPolicy: `POST https://cloudresourcemanager.googleapis.com/v1/projects/${project}:getIamPolicy`,
  schedule: `GET https://cloudscheduler.googleapis.com/v1/projects/${project}/locations/${region}/jobs/inpaint-sweep`,
  runSchedule: `POST https://cloudscheduler.googleapis.com/v1/projects/${project}/locations/${region}/jobs/inpaint-sweep:run`,
  upload: 'POST https://storage.googleapis.com/upload/storage/v1/b/my-project-inpaint-input/o',
  outputs: `GET ${storage}-output/o`,
} as const;

/** @param settings of the deployed functions. @param apis that are enabled. */
export function fakeGoogle(settings: Readonly<Record<string, string>>, apis: readonly string[]): FakeGoogle {
  const changes: string[] = [];
  const deployed = { state: 'ACTIVE', serviceConfig: { environmentVariables: settings } };
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
    [routes.notifications]: { items: [{ topic: 'inpaint-uploads', event_types: ['OBJECT_FINALIZE'] }] },
    [routes.subscription]: { state: 'ACTIVE', pushConfig: { pushEndpoint: 'https://on-upload' } },
    [routes.topicPolicy]: binding('roles/pubsub.publisher', `service-${number}@gs-project-accounts`),
    [routes.triggerPolicy]: binding(
      'roles/iam.serviceAccountTokenCreator',
      `service-${number}@gcp-sa-pubsub`,
    ),
    [routes.invokers]: binding('roles/run.invoker', `inpaint-trigger@${project}`),
    [routes.projectPolicy]: binding(
      `projects/${project}/roles/inpaint_ask_model`,
      `inpaint-run-job@${project}`,
    ),
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
