/**
 * Every way this system fails, in one table.
 *
 * `kind` decides what happens to the job or request:
 * - `input`: the sender must change something; permanent, answered with a 4xx or an `error.json`.
 * - `passing`: the same request may succeed later; redelivered, or answered with 429/503.
 * - `setup`: the deployment must be mended; the work waits, and trying again in a loop helps nobody.
 * - `bug`: ours.
 */
export type ErrorKind = 'input' | 'passing' | 'setup' | 'bug';

interface ErrorEntry {
  readonly status: number;
  readonly kind: ErrorKind;
  /** What the reader can do about it, one sentence. */
  readonly remedy: string;
}

/** Who may upload need not be allowed to replace: an object of the same name is then refused. */
const orAnotherName = 'under another name where the old one may not be replaced';

const errorTable = {
  // What people send.
  REQUEST_INVALID: {
    status: 400,
    kind: 'input',
    remedy: 'Correct the named field; unknown fields are refused so that a typing error is never ignored.',
  },
  REQUEST_TOO_LARGE: { status: 413, kind: 'input', remedy: 'Send a smaller request.' },
  HEADERS_TOO_LARGE: { status: 431, kind: 'input', remedy: 'Shorten the address and the headers.' },
  ENCODING_UNSUPPORTED: {
    status: 415,
    kind: 'input',
    remedy: 'Send the body without compression, and text as UTF-8.',
  },
  ANSWER_TOO_LARGE: {
    status: 413,
    kind: 'input',
    remedy: 'Drop picture and mask into the input bucket, or ask for the picture itself instead of JSON.',
  },
  NOT_ACCEPTABLE: {
    status: 406,
    kind: 'input',
    remedy: 'Send Accept: image/* for the picture, application/json for everything, or no Accept at all.',
  },
  USE_JOBS: {
    status: 400,
    kind: 'input',
    remedy:
      'POST the same fields to jobs of the function studio, {"image":{"uri":"gs://..."}} for a picture that ' +
      'lies in the input bucket; its results lie in the output bucket. Or send the picture itself. There are ' +
      'no jobs of generate and upscale: leave the address out, and the pictures come in the answer.',
  },
  URI_NOT_ALLOWED: {
    status: 400,
    kind: 'input',
    remedy: 'Name an object that exists in the input or the output bucket.',
  },
  IDEMPOTENCY_UNSUPPORTED: {
    status: 400,
    kind: 'input',
    remedy: 'POST to jobs of the function studio, which keeps the key; or leave out Idempotency-Key.',
  },
  IDEMPOTENCY_KEY_INVALID: {
    status: 400,
    kind: 'input',
    remedy: 'Send an Idempotency-Key of 1 to 255 printable ASCII characters, such as a UUID.',
  },
  IDEMPOTENCY_MISMATCH: {
    status: 422,
    kind: 'input',
    remedy: 'Send a new Idempotency-Key with a new request; the same key repeats the same request.',
  },
  IDEMPOTENCY_IN_PROGRESS: {
    status: 409,
    kind: 'passing',
    remedy: 'Try again after Retry-After: the first request with this key is still being received.',
  },
  JOB_ENDED: { status: 409, kind: 'input', remedy: 'Read the job: it has ended.' },
  CANCELLED_BY_CALLER: {
    status: 409,
    kind: 'input',
    remedy: 'Nothing to do: the job was cancelled on request. POST it again to run it.',
  },
  CROSS_SITE: {
    status: 403,
    kind: 'input',
    remedy: 'Call from a program or from the page of this service, not from another site.',
  },
  UNAUTHENTICATED: {
    status: 401,
    kind: 'input',
    remedy: 'Send Authorization: Bearer and an ID token for the audience that REQUIRED_AUDIENCE names.',
  },
  CALLER_NOT_ALLOWED: {
    status: 403,
    kind: 'input',
    remedy: 'Call as an account of ALLOWED_CALLERS, or ask the operator to add yours.',
  },
  RANGE_UNSATISFIABLE: {
    status: 416,
    kind: 'input',
    remedy: 'Ask for a range within the size that Content-Range names.',
  },
  NOT_FOUND: { status: 404, kind: 'input', remedy: 'Use one of the addresses that the message names.' },
  METHOD_NOT_ALLOWED: { status: 405, kind: 'input', remedy: 'Use the method named in the Allow header.' },
  EVENT_INVALID: {
    status: 400,
    kind: 'input',
    remedy: 'Deliver google.cloud.storage.object.v1.finalized events of the input bucket only.',
  },
  NAME_TOO_LONG: {
    status: 422,
    kind: 'input',
    remedy: 'Upload picture and mask under a shorter name: the names of the results begin with it.',
  },
  IMAGE_UNREADABLE: { status: 422, kind: 'input', remedy: 'Upload a file that other programs can open.' },
  IMAGE_TRUNCATED: { status: 422, kind: 'input', remedy: `Upload the whole file again, ${orAnotherName}.` },
  IMAGE_TOO_LARGE: { status: 413, kind: 'input', remedy: 'Upload a smaller file, or raise MAX_IMAGE_BYTES.' },
  IMAGE_TOO_MANY_PIXELS: {
    status: 413,
    kind: 'input',
    remedy: 'Upload a picture of fewer pixels, or raise MAX_IMAGE_PIXELS.',
  },
  PREVIEW_TOO_LARGE: {
    status: 413,
    kind: 'input',
    remedy: 'Create a job with `only: "preview"` from the picture: it has more memory. Or download the file.',
  },
  FORMAT_UNSUPPORTED: {
    status: 415,
    kind: 'input',
    remedy: 'Convert the picture to JPEG, PNG, WebP or TIFF.',
  },
  KIND_UNSUPPORTED: {
    status: 415,
    kind: 'input',
    remedy: 'Convert the picture to a kind that can be kept exactly; nothing is degraded silently.',
  },
  MASK_MISSING: {
    status: 422,
    kind: 'input',
    remedy:
      'Send a mask: white where the picture may change. Or have it found: `maskMode: "people"`, and ' +
      '`--remove people` on the command line.',
  },
  MASK_UNREADABLE: {
    status: 422,
    kind: 'input',
    remedy: 'Upload the mask as a PNG of the size of the picture.',
  },
  MASK_SIZE_MISMATCH: {
    status: 422,
    kind: 'input',
    remedy: 'Export the mask from the same picture, uncropped and not rotated.',
  },
  MASK_EMPTY: { status: 422, kind: 'input', remedy: 'Paint white over what should change.' },
  MASK_FULL: {
    status: 422,
    kind: 'input',
    remedy: 'Leave some of the picture black: the edit is continued from there.',
  },
  MASK_NOT_FOUND: {
    status: 422,
    kind: 'input',
    remedy: 'Name it in other words, or send a mask: white where the picture may change.',
  },
  FINDER_UNSUPPORTED: {
    status: 422,
    kind: 'input',
    remedy: 'Send a mask, or use an engine or a setting that the message names.',
  },
  KEEP_FULL: {
    status: 422,
    kind: 'input',
    remedy:
      'Leave some of the surroundings of the mask black in the keep mask: the fill is copied from there.',
  },
  MASK_SUSPICIOUS: {
    status: 422,
    kind: 'input',
    remedy:
      'Upload the mask again with the metadata inpaint-polarity, or add a request file with polarity: ' +
      'white where the mask is right, black where it is inverted.',
  },
  ENGINE_UNSUPPORTED: {
    status: 422,
    kind: 'input',
    remedy: 'Choose an engine that can do this, or leave the option out.',
  },
  ENGINE_REFUSED: {
    status: 422,
    kind: 'input',
    remedy: 'Change the prompt or the picture; the model declined this one.',
  },
  ENGINE_FILTERED: {
    status: 422,
    kind: 'input',
    remedy: 'Change the prompt or the picture; the safety filter of the model took every candidate.',
  },
  ENGINE_REJECTED: {
    status: 422,
    kind: 'input',
    remedy: 'Leave out the options this model does not take, or choose another model.',
  },
  ENGINE_DRIFTED: {
    status: 422,
    kind: 'input',
    remedy: 'Try again, another model, or a mask with more untouched picture around it.',
  },
  ENGINE_UNEDITED: {
    status: 422,
    kind: 'input',
    remedy: 'Try another model, a prompt that says what to change, or a larger mask.',
  },
  SUPERSEDED: {
    status: 409,
    kind: 'input',
    remedy: 'Nothing to do: a newer upload replaced this file and has its own job.',
  },
  BUDGET_SPENT: {
    status: 422,
    kind: 'input',
    remedy: `Do what the last error asks for, then upload picture and mask again, ${orAnotherName}.`,
  },
  // What passes.
  ENGINE_BAD_REPLY: {
    status: 502,
    kind: 'passing',
    remedy: 'Try again; the model answered without a usable picture.',
  },
  ENGINE_EMPTY: {
    status: 502,
    kind: 'passing',
    remedy: 'Try again; the model answered with no picture and gave no reason.',
  },
  MODEL_QUOTA: { status: 429, kind: 'passing', remedy: 'Wait, or ask for more quota of the model.' },
  MODEL_UNAVAILABLE: { status: 503, kind: 'passing', remedy: 'Try again; the model service did not answer.' },
  STORAGE_UNAVAILABLE: { status: 503, kind: 'passing', remedy: 'Try again; Cloud Storage did not answer.' },
  QUEUE_UNAVAILABLE: { status: 503, kind: 'passing', remedy: 'Try again; Cloud Tasks did not answer.' },
  TOPIC_UNAVAILABLE: {
    status: 503,
    kind: 'passing',
    remedy: 'Nothing to do: Pub/Sub did not take the message of an end; the sweep sends it.',
  },
  SERVER_UNAVAILABLE: {
    status: 503,
    kind: 'passing',
    remedy: 'Try again, or mend the address behind --server.',
  },
  KEYS_UNAVAILABLE: {
    status: 503,
    kind: 'passing',
    remedy: 'Try again; the keys of Google that prove identities could not be read.',
  },
  REQUEST_TIMEOUT: {
    status: 408,
    kind: 'passing',
    remedy: 'Try again over a connection that does not stall.',
  },
  TOO_BUSY: {
    status: 429,
    kind: 'passing',
    remedy: 'Try again after Retry-After, or raise MAX_CONCURRENT_EDITS.',
  },
  BUSY: { status: 503, kind: 'passing', remedy: 'Try again; another worker holds this job.' },
  BATCHED: {
    status: 503,
    kind: 'passing',
    remedy: 'Wait; the job is in a batch of the model, and a sweep goes on with it when that has ended.',
  },
  DEADLINE_EXCEEDED: { status: 504, kind: 'passing', remedy: 'Try again, or raise the deadline.' },
  CANCELLED: { status: 503, kind: 'passing', remedy: 'Try again; the work was cancelled before it ended.' },
  // What the operator must mend.
  CONFIG_INVALID: { status: 500, kind: 'setup', remedy: 'Set the named variables and start again.' },
  MODEL_RETIRED: { status: 503, kind: 'setup', remedy: 'Set MODEL to one that is served in this location.' },
  MODEL_INCOMPATIBLE: {
    status: 503,
    kind: 'setup',
    remedy:
      'Correct MODEL, MODELS or REQUEST_DEFAULTS: this model does not take the named field. Work then goes ' +
      'on by itself.',
  },
  MODEL_MISSING: {
    status: 503,
    kind: 'setup',
    remedy: 'Put the file where ONNX_MODEL says; in a bucket, let the service account read it.',
  },
  MODEL_CHECKSUM: {
    status: 503,
    kind: 'setup',
    remedy: 'Copy the file again, or set ONNX_MODEL_SHA256 to the checksum of the file that you trust.',
  },
  MODEL_CONTRACT: {
    status: 503,
    kind: 'setup',
    remedy: 'Use a model that docs/onnx.md describes: LaMa, MI-GAN, or one with the same inputs.',
  },
  MODEL_TOO_LARGE: {
    status: 503,
    kind: 'setup',
    remedy: 'Give the functions more memory, or use a smaller model.',
  },
  MODEL_PERMISSION: {
    status: 503,
    kind: 'setup',
    remedy: 'Deploy again: the service account needs aiplatform.endpoints.predict, and the project the API.',
  },
  STORAGE_PERMISSION: {
    status: 503,
    kind: 'setup',
    remedy: 'Grant the service account its bucket roles again.',
  },
  COST_CAP_REACHED: {
    status: 503,
    kind: 'setup',
    remedy: 'Raise DAILY_COST_CAP_USD, or wait: work goes on by itself after midnight UTC.',
  },
  POLICY_STORM: {
    status: 503,
    kind: 'setup',
    remedy:
      'Look at the latest error files: the model declines everything; check prompts and safety settings.',
  },
  REJECTION_STORM: {
    status: 503,
    kind: 'setup',
    remedy:
      'Correct what the sentence of the model names, often MODEL, MODELS or REQUEST_DEFAULTS; then run again ' +
      'what ended before: npm run status -- --again ENGINE_REJECTED.',
  },
  QUEUE_PERMISSION: {
    status: 503,
    kind: 'setup',
    remedy: 'Grant the service account roles/cloudtasks.enqueuer on the queue, and check its name.',
  },
  TOPIC_PERMISSION: {
    status: 503,
    kind: 'setup',
    remedy: 'Grant the service account roles/pubsub.publisher on RESULTS_TOPIC, and check its name.',
  },
  DELIVERY_PERMISSION: {
    status: 503,
    kind: 'setup',
    remedy:
      'Let the service account replace objects below delivered/ in the output bucket, or set DELIVERY to jobs.',
  },
  // Ours.
  SHAPE_MISMATCH: { status: 500, kind: 'bug', remedy: 'Report this with the picture and its mask.' },
  NOT_EXACT: {
    status: 500,
    kind: 'bug',
    remedy: 'Report this with the picture and its mask; nothing was published.',
  },
  INTERNAL: {
    status: 500,
    kind: 'bug',
    remedy: 'Report this with the trace of the answer, or else with the time.',
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorTable;

/** Every code, for documents and checks. */
export const errorCodes = Object.keys(errorTable) as readonly ErrorCode[];

/** What the model calls before an error may cost. */
export interface Billing {
  /** HTTP calls made to the model API, retries included. */
  readonly calls: number;
  /** False when each call was answered with an error or never sent; `undefined` when only the code tells. */
  readonly mayBeBilled?: boolean;
}

/** What is wrong with one part of a request. */
interface FieldError {
  /** `#/featherPx`, a JSON pointer; or `?name`, a query parameter. */
  readonly pointer: string;
  readonly detail: string;
}

interface EditErrorOptions {
  readonly cause?: unknown;
  /** Facts for logs and error bodies: numbers, names, codes. Never prompts or bytes. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  /** How long to wait before the next try, where the other side said so. */
  readonly retryAfterMs?: number | undefined;
  readonly billing?: Billing | undefined;
  readonly errors?: readonly FieldError[] | undefined;
}

/** The one error class: a code of the table above and a sentence "expected X, got Y". */
export class EditError extends Error {
  override readonly name = 'EditError';
  readonly code: ErrorCode;
  /** All facts for logs, those of `billing` among them. */
  readonly details: Readonly<Record<string, unknown>> | undefined;
  readonly retryAfterMs: number | undefined;
  readonly billing: Billing | undefined;
  readonly errors: readonly FieldError[] | undefined;

  constructor(code: ErrorCode, message: string, options: EditErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    const { details, retryAfterMs, billing, errors } = options;
    this.code = code;
    this.details = billing === undefined ? details : { ...details, ...billing };
    this.retryAfterMs = retryAfterMs;
    this.billing = billing;
    this.errors = errors;
  }

  /** The same error, its model calls counted. */
  withBilling(billing: Billing): EditError {
    const { code, message, cause, details, retryAfterMs, errors } = this;
    return new EditError(code, message, { cause, details, retryAfterMs, billing, errors });
  }

  get status(): number {
    return errorTable[this.code].status;
  }

  get kind(): ErrorKind {
    return kindOf(this.code);
  }

  get remedy(): string {
    return errorTable[this.code].remedy;
  }
}

/** False for a code that another version of this program wrote. */
export const isCode = (text: string): text is ErrorCode => Object.hasOwn(errorTable, text);

export const kindOf = (code: ErrorCode): ErrorKind => errorTable[code].kind;

/** Anything thrown -> an `EditError`; what is not one already is a bug of ours and keeps its cause. */
export function asEditError(error: unknown): EditError {
  if (error instanceof EditError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new EditError('INTERNAL', message, { cause: error });
}

/** True when the same input can never succeed: acknowledge it and report where the user looks. */
export function isPermanent(error: unknown): boolean {
  return error instanceof EditError && error.kind === 'input';
}
