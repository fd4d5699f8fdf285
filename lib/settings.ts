import { z } from 'zod';
import { engineNames } from './engines/engines.ts';
import { httpServiceSchema } from './engines/http-service.ts';
import { modelTableSchema } from './engines/model-entry.ts';
import { modelTiers } from './engines/usage.ts';
import { finderNames } from './finders/finders.ts';
import { defaultBudget } from './jobs/claim/budget.ts';
import { requestDefaultsSchema } from './requests/edit-request.ts';
import { jsonText } from './requests/plain-json.ts';

/** One environment variable. */
export interface Setting {
  readonly variable: string;
  /** Its text -> its value, with range and default. */
  readonly schema: z.ZodType;
  /** For `docs/configuration.md`. */
  readonly description: string;
}

/** Settings by the names that the configuration has for them. */
export interface SettingGroup {
  readonly [name: string]: Setting | SettingGroup;
}

const integer = (min: number, max: number) => z.coerce.number().int().min(min).max(max);
const name = z.string().min(1).optional();
const bucketName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/, 'expected a bucket name')
  .optional();
const queueName = z
  .string()
  .regex(/^projects\/[^/]+\/locations\/[^/]+\/queues\/[^/]+$/, 'expected projects/P/locations/L/queues/Q')
  .optional();
const topicName = z
  .string()
  .regex(/^projects\/[^/]+\/topics\/[^/]+$/, 'expected projects/P/topics/T')
  .optional();
const commaList = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);

const gibibyte = 1024 * 1024 * 1024;
/** libvips opens operands of at most 268 MP. */
const vipsMaxPixels = 268_402_689;
const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** Every environment variable that is read, at its place in the configuration. */
export const settingTable = {
  buckets: {
    input: {
      variable: 'INPUT_BUCKET',
      schema: bucketName,
      description: 'Where photos and masks are dropped. Needed by the upload functions.',
    },
    output: {
      variable: 'OUTPUT_BUCKET',
      schema: bucketName,
      description: 'Where results are written, create-only.',
    },
    control: {
      variable: 'CONTROL_BUCKET',
      schema: bucketName,
      description:
        'Where claims and raw model answers are kept, and the cost of the day. Alone it is enough for ' +
        'functions that only count their cost.',
    },
  },
  storageApiEndpoint: {
    variable: 'STORAGE_API_ENDPOINT',
    schema: z.url().optional(),
    description: 'Base URL of a Cloud Storage emulator. Unset: the real service.',
  },
  project: {
    variable: 'GOOGLE_CLOUD_PROJECT',
    schema: z.string().optional(),
    description: 'Project of the model API and of trace links.',
  },
  engine: {
    variable: 'ENGINE',
    schema: z.enum(engineNames).default('patchmatch'),
    description: 'What repaints the masked area: the embedded engine, or the API of a model.',
  },
  model: {
    variable: 'MODEL',
    schema: name,
    description: "The model's id. Unset: the engine's default.",
  },
  location: {
    variable: 'LOCATION',
    schema: name,
    description: 'Where the model is served. Unset: where the table of models says.',
  },
  endpointId: {
    variable: 'ENDPOINT_ID',
    schema: name,
    description: 'The endpoint of a self-deployed model, for the engine `endpoint`.',
  },
  httpEngine: {
    variable: 'HTTP_ENGINE',
    schema: jsonText.pipe(httpServiceSchema).optional(),
    description: 'JSON that says how the engine `http` asks a removal service, see docs/http-engine.md.',
  },
  httpEngineSecret: {
    variable: 'HTTP_ENGINE_SECRET',
    schema: name,
    description: 'What the header of `HTTP_ENGINE` carries, e.g. a key, or `Bearer` and a token.',
  },
  onnx: {
    model: {
      variable: 'ONNX_MODEL',
      schema: name,
      description:
        'The file of the engine `onnx`: a path, or `gs://bucket/name#generation`, see docs/onnx.md.',
    },
    sha256: {
      variable: 'ONNX_MODEL_SHA256',
      schema: z
        .string()
        .regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits')
        .optional(),
      description: 'Its checksum. Needed unless it is a file that docs/onnx.md lists.',
    },
    outputScale: {
      variable: 'ONNX_OUTPUT_SCALE',
      schema: z
        .enum(['1', '255'])
        .transform((text) => Number(text) as 1 | 255)
        .optional(),
      description: 'What white is in its output, where docs/onnx.md does not list it.',
    },
  },
  modelTier: {
    variable: 'MODEL_TIER',
    schema: z.enum(modelTiers).default('standard'),
    description:
      'How Gemini models carry calls out. `flex`: at half the price, within 30 minutes; set `EDIT_DEADLINE_MS` to ' +
      '1760000 and the timeout of the function to 1,790 s, for a call that is stopped may be billed. `priority`: before ' +
      'others, at 1.8 times the price. A model or location without the tier answers as `standard`, and a warning says so.',
  },
  modelBaseUrl: {
    variable: 'MODEL_BASE_URL',
    schema: z.url().optional(),
    description: 'Base URL of the model API. Plain http is for loopback and needs no credentials.',
  },
  maskFinder: {
    variable: 'MASK_FINDER',
    schema: z.enum(['auto', ...finderNames]).default('auto'),
    description:
      'What finds a mask that nobody sends, see masks.md. `auto`: the engine where it can, else ' +
      '`image-segmentation-001` where `ALLOWED_MODELS` names it, else the embedded net for people.',
  },
  maskFinderModel: {
    variable: 'MASK_FINDER_MODEL',
    schema: name,
    description: "The model that finds masks. Unset: the finder's default, or that of the engine.",
  },
  allowedModels: {
    variable: 'ALLOWED_MODELS',
    schema: commaList.default([]),
    description:
      'Engines and model ids that a request may name instead of the configured ones, separated by commas.',
  },
  models: {
    variable: 'MODELS',
    schema: jsonText.pipe(modelTableSchema).default({}),
    description: 'JSON that replaces or adds to the table of models: price, sizes, location.',
  },
  limits: {
    maxImageBytes: {
      variable: 'MAX_IMAGE_BYTES',
      schema: integer(1, gibibyte).default(100_000_000),
      description:
        'Largest picture or mask, bytes. A deployed `edit` takes and answers 32 MiB at most, as Cloud Run ' +
        'does; larger files go through the bucket.',
    },
    maxImagePixels: {
      variable: 'MAX_IMAGE_PIXELS',
      schema: integer(1, vipsMaxPixels).default(150_000_000),
      description: 'Largest picture, width x height.',
    },
    acceptsAvif: {
      variable: 'ACCEPT_AVIF',
      schema: z.stringbool().default(false),
      description:
        'Takes AVIF pictures of 8 bit too and writes them as lossless AVIF: slow, and larger than they ' +
        'were. Opens libheif, a fifth decoder, to the whole process. HEIC is not decoded.',
    },
  },
  featherPx: {
    variable: 'FEATHER_PX',
    schema: integer(0, 256).default(32),
    description: 'Width of the blend inside the edge of the mask, pixels of the original.',
  },
  dilationPx: {
    variable: 'DILATION_PX',
    schema: integer(0, 512).default(0),
    description: 'Grows the edited area beyond the mask, pixels of the original. 0 keeps to the mask.',
  },
  modelDilation: {
    variable: 'MODEL_DILATION',
    schema: z.coerce.number().min(0).max(1).default(0.01),
    description: 'Grows only the mask that the model sees, by this fraction of the width of its crop.',
  },
  maxRegions: {
    variable: 'MAX_REGIONS',
    schema: integer(1, 16).default(4),
    description:
      'Each area of a mask is repainted by a call of its own; beyond this many, near ones are merged.',
  },
  maxTiles: {
    variable: 'MAX_TILES',
    schema: integer(0, 64).default(16),
    description:
      'Calls for tiles in one edit with `detail: tiles`, shared by its regions. If more were needed, each ' +
      'tile sees more of the picture at less detail. 0: none.',
  },
  queue: {
    name: {
      variable: 'TASKS_QUEUE',
      schema: queueName,
      description:
        'Cloud Tasks queue `projects/P/locations/L/queues/Q`. Unset: jobs run where their event arrives.',
    },
    runJobUrl: {
      variable: 'RUN_JOB_URL',
      schema: z.url().optional(),
      description: 'Where tasks are sent: the URL of `runJob`. Needed with `TASKS_QUEUE`.',
    },
    serviceAccount: {
      variable: 'TASKS_SERVICE_ACCOUNT',
      schema: z.string().optional(),
      description: 'The identity with which tasks call `runJob`.',
    },
    apiEndpoint: {
      variable: 'TASKS_API_ENDPOINT',
      schema: z.url().default('https://cloudtasks.googleapis.com'),
      description:
        'Base URL of Cloud Tasks, or of a stand-in: plain http is for loopback and needs no credentials.',
    },
  },
  results: {
    topic: {
      variable: 'RESULTS_TOPIC',
      schema: topicName,
      description:
        'Pub/Sub topic `projects/P/topics/T` that gets a message when a job has ended, see results.md. Unset: none.',
    },
    emulatorHost: {
      variable: 'PUBSUB_EMULATOR_HOST',
      schema: z.string().optional(),
      description: '`host:port` of a stand-in for Pub/Sub, without credentials. Unset: the real service.',
    },
    delivery: {
      variable: 'DELIVERY',
      schema: z.enum(['jobs', 'flat']).default('jobs'),
      description:
        '`flat`: the best output of the newest job of a picture also lies at `delivered/` and the name of the ' +
        'picture, see results.md.',
    },
  },
  budget: {
    maxAttempts: {
      variable: 'MAX_ATTEMPTS',
      schema: integer(1, 100).default(defaultBudget.maxAttempts),
      description: 'A job that crashes or misses its deadline this many times has failed.',
    },
    maxModelCalls: {
      variable: 'MAX_MODEL_CALLS',
      schema: integer(1, 100).default(defaultBudget.maxModelCalls),
      description: 'Calls of the model for one region before its job has failed. 1: never billed twice.',
    },
    maxEventAgeMs: {
      variable: 'MAX_EVENT_AGE_MS',
      schema: integer(minuteMs, 7 * dayMs).default(defaultBudget.maxEventAgeMs),
      description: 'Events older than this, milliseconds, are left to the sweep.',
    },
  },
  dailyCostCapUsd: {
    variable: 'DAILY_COST_CAP_USD',
    schema: z.union([z.literal('none'), z.coerce.number().min(0)]).optional(),
    description:
      'Most that model calls may cost in one day (UTC) by list prices, over all functions with the same ' +
      '`CONTROL_BUCKET`; without that bucket each instance counts for itself. Then jobs wait for the next ' +
      'day, and callers get 503 with Retry-After. Unset: 20 for a model with a price. `none`: no cap.',
  },
  requestFile: {
    variable: 'REQUEST_FILE',
    schema: z.enum(['optional', 'required']).default('optional'),
    description:
      '`required`: a pair without `photo.json` waits for it. `optional`: upload it before the file that ' +
      'completes the pair.',
  },
  requestDefaults: {
    variable: 'REQUEST_DEFAULTS',
    schema: jsonText.pipe(requestDefaultsSchema).default({}),
    description:
      'JSON with fields of a request, e.g. `{"featherPx": 8}`, for dropped pictures whose request file and ' +
      'metadata leave them out.',
  },
  folderMask: {
    variable: 'FOLDER_MASK',
    schema: z.stringbool().default(false),
    description: '`_folder.mask.png` is the mask of every photo in its folder that has none of its own.',
  },
  sweepMaxJobs: {
    variable: 'SWEEP_MAX_JOBS',
    schema: integer(1, 10_000).default(200),
    description: 'Most jobs that one sweep starts.',
  },
  batch: {
    variable: 'BATCH',
    schema: z.enum(['off', 'on']).default('off'),
    description:
      'Whether the sweep sends new jobs of Gemini models in batches: at half the price, within a day. Jobs of events and ' +
      'callers are not affected. Before it is set back to `off`, let the sweep collect what is under way. The sweep then ' +
      'needs the memory of a worker.',
  },
  editDeadlineMs: {
    variable: 'EDIT_DEADLINE_MS',
    schema: integer(1_000, 60 * minuteMs).default(510_000),
    description:
      'An edit is stopped after this long, milliseconds: a little less than the timeout of the function.',
  },
  maxConcurrentEdits: {
    variable: 'MAX_CONCURRENT_EDITS',
    schema: integer(1, 1000).optional(),
    description:
      'Most requests to `edit` that one instance works on at once; a further one is answered with 429 ' +
      '`TOO_BUSY`. Unset: one for each 1.5 GiB of memory, at least one.',
  },
  allowedOrigins: {
    variable: 'ALLOWED_ORIGINS',
    schema: commaList
      .refine(
        (origins) => origins.every((origin) => URL.canParse(origin) && new URL(origin).origin === origin),
        'expected origins such as https://retouching.example.com, without a path',
      )
      .default([]),
    description:
      'Origins of web pages that may call `edit`, `mask`, `generate` and `upscale` from a browser, separated by commas. ' +
      'Only for functions that are not behind IAM, which refuses the preflight of a browser. Unset: no CORS.',
  },
  errorsUrl: {
    variable: 'ERRORS_URL',
    schema: z.url({ protocol: /^https?$/ }).optional(),
    description:
      'Where your team reads [errors.md](errors.md), as a web page: the `type` of a problem is then this address with the ' +
      'anchor of its code. Unset: `urn:gcs-inpaint:error:CODE`.',
  },
  requiredAudience: {
    variable: 'REQUIRED_AUDIENCE',
    schema: name,
    description:
      'Only for functions that are not behind IAM: `edit`, `mask`, `generate`, `upscale` and `studio` then answer a caller ' +
      'with an ID token of Google for this audience, mostly the URL of the function. Everybody with a service account ' +
      'can make such a token: set `ALLOWED_CALLERS` too.',
  },
  allowedCallers: {
    variable: 'ALLOWED_CALLERS',
    schema: commaList.default([]),
    description:
      'Addresses of the accounts that may call where `REQUIRED_AUDIENCE` is set, separated by commas. Unset: all.',
  },
  studio: {
    variable: 'STUDIO',
    schema: z.enum(['on', 'off']).optional(),
    description:
      'Whether the function `studio` (jobs over HTTP) answers. Unset: `on` on your own machine, `off` ' +
      'deployed.',
  },
  otlpEndpoint: {
    variable: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    schema: z.url().optional(),
    description:
      'Base URL of an OpenTelemetry collector that takes traces as OTLP over HTTP. Unset: no traces.',
  },
  service: {
    name: {
      variable: 'K_SERVICE',
      schema: z.string().optional(),
      description: 'Set by Cloud Run: the service that errors and traces are reported for.',
    },
    version: {
      variable: 'K_REVISION',
      schema: z.string().optional(),
      description: 'Set by Cloud Run: its version.',
    },
  },
  logLevel: {
    variable: 'LOG_LEVEL',
    schema: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
    description:
      'Least severe messages that are logged. Metrics and alerts count lines of `info`: they see nothing ' +
      'at `warn` and beyond.',
  },
} as const satisfies SettingGroup;
