/** What one way of deploying makes: the facts that rules and documents look at. */
export interface Deployment {
  readonly functions: DeployedFunction[];
  readonly grants: Grant[];
  readonly buckets: Bucket[];
  /** What uploads start. */
  readonly triggers: Trigger[];
  readonly queues: Queue[];
  /** Permissions of the deployment's own roles, by their names: `control`, `ask_model`. */
  readonly ownRoles: Readonly<Record<string, string[]>>;
}

export interface DeployedFunction {
  /** Without the prefix of the deployment: `run-job`. */
  name: string;
  entryPoint: string;
  runtime: string;
  /** The service account that the function runs as. */
  identity: string;
  environment: Record<string, string>;
  memory: string;
  cpu: number;
  /** Requests an instance takes at once. */
  concurrency: number;
  minInstances: number;
  maxInstances: number;
  timeoutSeconds: number;
  isInternal: boolean;
}

/** A role for an identity, on a bucket, a function or another resource. */
export interface Grant {
  /** Without the prefix of the deployment: `run-job`; `users` for people. */
  identity: string;
  /** `storage.objectViewer`; `control` and `ask_model` are the deployment's own. */
  role: string;
  /**
   * `bucket input`, `function edit`, `queue live`, `identity tasks`, `images`, `topic uploads`, `project`.
   */
  on: string;
  condition: string | undefined;
}

export interface Bucket {
  /** `input`, `output`, `control`; `source` holds the code. */
  purpose: string;
  name: string;
  region: string;
  isPrivate: boolean;
  /** Objects are deleted after so many days. */
  deletedAfterDays: number | undefined;
  keepsDeleted: boolean;
  /** Goes away with everything in it. */
  isForced: boolean;
}

export interface Trigger {
  /** Purpose of the bucket whose uploads it delivers; `unknown` for anything else. */
  bucket: string;
  region: string;
  identity: string;
  /** Delivers an event again when the function failed. */
  isRepeated: boolean;
}

export interface Queue {
  name: string;
  /** -1: without end. */
  maxAttempts: number;
  maxRetryDuration: string | undefined;
  perSecond: number;
  atOnce: number;
}

/** Accounts that services of Google act as, by what the deployments call them. */
const agents: readonly (readonly [RegExp, string])[] = [
  [/google_storage_project_service_account|\$STORAGE_AGENT/, 'Cloud Storage'],
  [/google_project_service_identity\.pubsub|@gcp-sa-pubsub\./, 'Pub/Sub'],
  [/@gcp-sa-eventarc\./, 'Eventarc'],
  [/@gcp-sa-artifactregistry\./, 'Artifact Registry'],
  [/@gcf-admin-robot\./, 'Cloud Functions'],
  [/@serverless-robot-prod\./, 'Cloud Run'],
];

export const agentOf = (member: string): string | undefined =>
  agents.find(([pattern]) => pattern.test(member))?.[1];
