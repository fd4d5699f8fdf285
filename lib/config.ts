import { z } from 'zod';
import { engineNames } from './engines/engines.ts';
import { type ModelTable, modelTableSchema } from './engines/models.ts';
import { EditError } from './errors.ts';
import { type Budget, budgetWithin, defaultBudget } from './jobs/claim/budget.ts';
import { requestDefaultsSchema } from './requests/edit-request.ts';

const mebibyte = 1024 * 1024;
/** Of requests and of answers that are not streamed. @see https://cloud.google.com/run/quotas */
const cloudRunMaxBytes = 32 * mebibyte;

/** An unset variable and an empty one mean the same: deployment tools write both. */
const variable = <S extends z.ZodType>(schema: S) =>
  z.preprocess((value) => (value === '' ? undefined : value), schema);
const integer = (min: number, max: number) => z.coerce.number().int().min(min).max(max);
const fraction = z.coerce.number().min(0).max(1);
const commaList = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);
const jsonText = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue('expected JSON');
    return z.NEVER;
  }
});
const queueName = /^projects\/[^/]+\/locations\/[^/]+\/queues\/[^/]+$/;
const bucketName = z.string().regex(/^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/, 'expected a bucket name');

/**
 * Every environment variable this system reads, with range, default and meaning.
 * `docs/configuration.md` is generated from it.
 */
export const settings = {
  INPUT_BUCKET: variable(bucketName.optional()).describe(
    'Where photos and masks are dropped. Needed by the upload functions.',
  ),
  OUTPUT_BUCKET: variable(bucketName.optional()).describe('Where results are written, create-only.'),
  CONTROL_BUCKET: variable(bucketName.optional()).describe('Where claims and raw model answers are kept.'),
  STORAGE_API_ENDPOINT: variable(z.url().optional()).describe(
    'Base URL of a Cloud Storage emulator. Unset: the real service.',
  ),
  GOOGLE_CLOUD_PROJECT: variable(z.string().optional()).describe(
    'Project of the model API and of trace links.',
  ),
  ENGINE: variable(z.enum(engineNames).default('patchmatch')).describe(
    'Which engine repaints the masked area: the embedded one, or the API of a model.',
  ),
  MODEL: variable(z.string().min(1).optional()).describe("The model's id. Unset: the engine's default."),
  LOCATION: variable(z.string().min(1).optional()).describe(
    'Where the model is served. Unset: where the table of models says.',
  ),
  ENDPOINT_ID: variable(z.string().min(1).optional()).describe(
    'The endpoint of a self-deployed model, for the engine `endpoint`.',
  ),
  MODEL_BASE_URL: variable(z.url().optional()).describe(
    'Base URL of the model API. Plain http is for loopback and needs no credentials.',
  ),
  ALLOWED_MODELS: variable(commaList.default([])).describe(
    'Engines and model ids that a request may name instead of the configured ones, separated by commas.',
  ),
  MODELS: variable(jsonText.pipe(modelTableSchema).default({})).describe(
    'JSON that replaces or adds to the table of models: price, sizes, location.',
  ),
  MAX_IMAGE_BYTES: variable(integer(1, 1024 * mebibyte).default(100_000_000)).describe(
    'Largest file accepted, bytes, for pictures and masks. A deployed `edit` takes and answers 32 MiB at most, as Cloud Run does; larger ones go through the bucket.',
  ),
  // libvips opens operands of at most 268 MP.
  MAX_IMAGE_PIXELS: variable(integer(1, 268_402_689).default(150_000_000)).describe(
    'Largest picture accepted, width x height.',
  ),
  ACCEPT_AVIF: variable(z.stringbool().default(false)).describe(
    'Takes AVIF pictures of 8 bit too and writes them as lossless AVIF: slow, and larger than they were. Opens libheif, a fifth decoder, to the whole process. HEIC is not decoded.',
  ),
  FEATHER_PX: variable(integer(0, 256).default(32)).describe(
    'Width of the blend inside the edge of the mask, pixels of the original.',
  ),
  DILATION_PX: variable(integer(0, 512).default(0)).describe(
    'Grows the edited area beyond the mask, pixels of the original. The mask is a promise: 0.',
  ),
  MODEL_DILATION: variable(fraction.default(0.01)).describe(
    'Grows only the mask that is sent to the model, fraction of the width of its crop.',
  ),
  MAX_REGIONS: variable(integer(1, 16).default(4)).describe(
    'Separate areas of one mask are repainted by separate calls; beyond this many, near ones are merged.',
  ),
  MAX_TILES: variable(integer(0, 64).default(16)).describe(
    'Calls for tiles in one edit that asks for `detail: tiles`, shared by its regions; where more were needed, each sees more of the picture at less detail. 0: none.',
  ),
  TASKS_QUEUE: variable(
    z.string().regex(queueName, 'expected projects/P/locations/L/queues/Q').optional(),
  ).describe(
    'Cloud Tasks queue `projects/P/locations/L/queues/Q`. Unset: jobs run where their event arrives.',
  ),
  RUN_JOB_URL: variable(z.url().optional()).describe(
    'Where tasks are sent: the URL of `runJob`. Needed with `TASKS_QUEUE`.',
  ),
  TASKS_SERVICE_ACCOUNT: variable(z.string().optional()).describe(
    'Whose identity a task carries to `runJob`.',
  ),
  TASKS_API_ENDPOINT: variable(z.url().default('https://cloudtasks.googleapis.com')).describe(
    'Base URL of Cloud Tasks, or of a stand-in: plain http is for loopback and needs no credentials.',
  ),
  MAX_ATTEMPTS: variable(integer(1, 100).default(defaultBudget.maxAttempts)).describe(
    'Starts of a job that did not come back (a crash, a deadline) before it is given up.',
  ),
  MAX_MODEL_CALLS: variable(integer(1, 100).default(defaultBudget.maxModelCalls)).describe(
    'Calls of the model for one region before its job is given up. 1: never billed twice.',
  ),
  DAILY_COST_CAP_USD: variable(z.coerce.number().min(0).optional()).describe(
    'Model calls for dropped pictures in one day (UTC), of all instances together, by list prices; jobs then wait for the next day. Calls over HTTP are not in it. Unset: no cap.',
  ),
  REQUEST_FILE: variable(z.enum(['optional', 'required']).default('optional')).describe(
    '`required`: a pair without `photo.json` waits for it. `optional`: upload it before the file that completes the pair.',
  ),
  REQUEST_DEFAULTS: variable(jsonText.pipe(requestDefaultsSchema).default({})).describe(
    'JSON with fields of a request, e.g. `{"featherPx": 8}`, for dropped pictures whose request file and metadata leave them out.',
  ),
  FOLDER_MASK: variable(z.stringbool().default(false)).describe(
    'Lets `_folder.mask.png` be the mask of every photo directly in its folder that has none of its own.',
  ),
  SWEEP_MAX_JOBS: variable(integer(1, 10_000).default(200)).describe(
    'At most so many jobs are started by one sweep.',
  ),
  MAX_EVENT_AGE_MS: variable(integer(60_000, 7 * 86_400_000).default(defaultBudget.maxEventAgeMs)).describe(
    'Events older than this, milliseconds, are left to the sweep.',
  ),
  EDIT_DEADLINE_MS: variable(integer(1_000, 3_600_000).default(510_000)).describe(
    'An edit is given up after this long, milliseconds: a little less than the timeout of the function.',
  ),
  OTEL_EXPORTER_OTLP_ENDPOINT: variable(z.url().optional()).describe(
    'Base URL of an OpenTelemetry collector that takes traces as OTLP over HTTP. Unset: none are made.',
  ),
  K_SERVICE: variable(z.string().optional()).describe(
    'Set by Cloud Run: the service that errors and traces are reported for.',
  ),
  K_REVISION: variable(z.string().optional()).describe('Set by Cloud Run: its version.'),
  LOG_LEVEL: variable(z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info')).describe(
    'Least severe messages that are logged. Metrics and alerts count lines of `info`: `warn` and beyond silence them.',
  ),
} as const;

const environmentSchema = z.object(settings);
type Environment = z.infer<typeof environmentSchema>;

export interface Buckets {
  readonly input: string;
  readonly output: string;
  readonly control: string;
}

export interface Config {
  /** `undefined` when no bucket is named: enough for the HTTP functions that need none. */
  readonly buckets: Buckets | undefined;
  readonly storageApiEndpoint: string | undefined;
  readonly project: string | undefined;
  readonly engine: Environment['ENGINE'];
  readonly model: string | undefined;
  readonly location: string | undefined;
  readonly endpointId: string | undefined;
  readonly modelBaseUrl: string | undefined;
  readonly allowedModels: readonly string[];
  readonly models: ModelTable;
  readonly limits: {
    readonly maxImageBytes: number;
    readonly maxImagePixels: number;
    readonly acceptsAvif: boolean;
  };
  readonly featherPx: number;
  readonly dilationPx: number;
  readonly modelDilation: number;
  readonly maxRegions: number;
  readonly maxTiles: number;
  readonly editDeadlineMs: number;
  readonly budget: Budget;
  /** `undefined`: jobs run where their event arrives. */
  readonly queue:
    | {
        readonly name: string;
        readonly runJobUrl: string;
        readonly serviceAccount: string | undefined;
        readonly apiEndpoint: string;
      }
    | undefined;
  readonly dailyCostCapUsd: number | undefined;
  readonly requestFile: Environment['REQUEST_FILE'];
  readonly requestDefaults: Readonly<Record<string, unknown>>;
  readonly folderMask: boolean;
  readonly sweepMaxJobs: number;
  readonly otlpEndpoint: string | undefined;
  /** `undefined` outside of Cloud Run. */
  readonly service: { readonly name: string; readonly version: string | undefined } | undefined;
  /** `undefined`: answers of any size. */
  readonly maxAnswerBytes: number | undefined;
  readonly logLevel: Environment['LOG_LEVEL'];
}

/**
 * Reads the environment once; every fault is listed, not just the first.
 *
 * @param needs `buckets` when the function to be served works on buckets.
 * @throws {EditError} `CONFIG_INVALID` with one line for each fault.
 */
export function readConfig(
  environment: Readonly<Record<string, string | undefined>>,
  needs: { readonly buckets: boolean } = { buckets: false },
): Config {
  const parsed = environmentSchema.safeParse(environment);
  const faults = parsed.success
    ? []
    : parsed.error.issues.map(
        ({ path, message }) =>
          `${path.join('.')}: ${message}, got ${JSON.stringify(environment[String(path[0])])}`,
      );
  faults.push(...bucketFaults(environment, needs.buckets));
  if (environment['TASKS_QUEUE'] && !environment['RUN_JOB_URL']) {
    faults.push('RUN_JOB_URL: expected a URL beside TASKS_QUEUE, got none');
  }
  if (!parsed.success || faults.length > 0) {
    throw new EditError('CONFIG_INVALID', `Expected a valid configuration, got:\n  ${faults.join('\n  ')}`);
  }
  return configOf(parsed.data);
}

const bucketVariables = ['INPUT_BUCKET', 'OUTPUT_BUCKET', 'CONTROL_BUCKET'] as const;

/** Distinct buckets are the loop guard: a result written to the input bucket would be an upload again. */
function bucketFaults(
  environment: Readonly<Record<string, string | undefined>>,
  isNeeded: boolean,
): string[] {
  const set = bucketVariables.filter((name) => environment[name]);
  if (set.length === 0 && !isNeeded) return [];
  const missing = bucketVariables
    .filter((name) => !environment[name])
    .map((name) => `${name}: expected a bucket name, got none`);
  const names = set.map((name) => environment[name]);
  if (new Set(names).size < names.length) {
    missing.push(`${set.join(', ')}: expected distinct buckets, got ${names.join(', ')}`);
  }
  return missing;
}

function configOf(environment: Environment): Config {
  const { INPUT_BUCKET: input, OUTPUT_BUCKET: output, CONTROL_BUCKET: control } = environment;
  return {
    buckets: input && output && control ? { input, output, control } : undefined,
    storageApiEndpoint: environment.STORAGE_API_ENDPOINT,
    project: environment.GOOGLE_CLOUD_PROJECT,
    engine: environment.ENGINE,
    model: environment.MODEL,
    location: environment.LOCATION,
    endpointId: environment.ENDPOINT_ID,
    modelBaseUrl: environment.MODEL_BASE_URL,
    allowedModels: environment.ALLOWED_MODELS,
    models: environment.MODELS,
    limits: {
      maxImageBytes: environment.MAX_IMAGE_BYTES,
      maxImagePixels: environment.MAX_IMAGE_PIXELS,
      acceptsAvif: environment.ACCEPT_AVIF,
    },
    featherPx: environment.FEATHER_PX,
    dilationPx: environment.DILATION_PX,
    modelDilation: environment.MODEL_DILATION,
    maxRegions: environment.MAX_REGIONS,
    maxTiles: environment.MAX_TILES,
    editDeadlineMs: environment.EDIT_DEADLINE_MS,
    budget: {
      ...budgetWithin(environment.EDIT_DEADLINE_MS),
      maxAttempts: environment.MAX_ATTEMPTS,
      maxModelCalls: environment.MAX_MODEL_CALLS,
      maxEventAgeMs: environment.MAX_EVENT_AGE_MS,
    },
    queue: queueOf(environment),
    dailyCostCapUsd: environment.DAILY_COST_CAP_USD,
    requestFile: environment.REQUEST_FILE,
    requestDefaults: environment.REQUEST_DEFAULTS,
    folderMask: environment.FOLDER_MASK,
    sweepMaxJobs: environment.SWEEP_MAX_JOBS,
    otlpEndpoint: environment.OTEL_EXPORTER_OTLP_ENDPOINT,
    service:
      environment.K_SERVICE === undefined
        ? undefined
        : { name: environment.K_SERVICE, version: environment.K_REVISION },
    maxAnswerBytes: environment.K_SERVICE === undefined ? undefined : cloudRunMaxBytes,
    logLevel: environment.LOG_LEVEL,
  };
}

function queueOf({ TASKS_QUEUE: name, RUN_JOB_URL: runJobUrl, ...rest }: Environment): Config['queue'] {
  if (name === undefined || runJobUrl === undefined) return undefined;
  return {
    name,
    runJobUrl,
    serviceAccount: rest.TASKS_SERVICE_ACCOUNT,
    apiEndpoint: rest.TASKS_API_ENDPOINT,
  };
}
