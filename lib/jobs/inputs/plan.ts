import { asEditError, EditError } from '../../errors.ts';
import {
  type EditRequest,
  maxRequestBytes,
  parseRequest,
  readRequestFile,
  typedFields,
} from '../../requests/edit-request.ts';
import { canonicalRequest } from '../../requests/schema.ts';
import type { ObjectInfo, ObjectStore } from '../../storage/store.ts';
import { type InputSet, type JobFacts, jobId } from './identity.ts';
import { nameFault } from './names.ts';

export interface PlanOptions {
  /** For the job's identity. */
  readonly engine: string;
  /** Fields that neither the request file nor the metadata set. */
  readonly requestDefaults: Readonly<Record<string, unknown>>;
  /** `required`: no job without a request file. */
  readonly requestFile: 'optional' | 'required';
  /** True for a request that needs no mask object. */
  readonly makesOwnMask: (request: EditRequest) => boolean;
}

/** One job. A request that cannot be read is a `fault`: then the job exists to report it. */
export interface Job extends JobFacts {
  readonly id: string;
  readonly request: EditRequest | undefined;
  readonly fault: EditError | undefined;
  /** True when the request file, the metadata or the defaults name the polarity of the mask. */
  readonly isPolarityGiven: boolean;
}

/**
 * The job of a set of files; `undefined` while a file is missing.
 *
 * @throws {EditError} `BUSY` when the request file was replaced since it was listed.
 */
export async function planJob(
  store: ObjectStore,
  inputs: InputSet,
  options: PlanOptions,
  signal: AbortSignal,
): Promise<Job | undefined> {
  if (options.requestFile === 'required' && inputs.request === undefined) return undefined;
  const read = await requestOf(store, inputs, options.requestDefaults, signal);
  const { request, fault, fields } = read;
  if (inputs.mask === undefined) {
    // A request that cannot be read, without a mask: it is reported when the mask follows.
    if (request === undefined || !options.makesOwnMask(request)) return undefined;
  }
  const effectiveRequest = request === undefined ? fields : canonicalRequest(request);
  const facts = { inputs, engine: options.engine, effectiveRequest };
  const isPolarityGiven = namesPolarity(fields);
  return {
    ...facts,
    id: jobId(facts),
    request: read.carriedOut ?? request,
    fault: nameFault(inputs.image.name) ?? fault,
    isPolarityGiven,
  };
}

/** The parsed request does not tell: it holds the default. */
const namesPolarity = (fields: unknown): boolean =>
  typeof fields === 'object' && fields !== null && Object.hasOwn(fields, 'polarity');

interface RequestOfSet {
  /** The request to carry out, where it is another than the one that names the job. */
  readonly carriedOut?: EditRequest | undefined;
  /** `undefined` when there is a fault. */
  readonly request: EditRequest | undefined;
  readonly fault: EditError | undefined;
  /** The fields before the schema; `null` when the file is no JSON. */
  readonly fields: unknown;
}

/** File over metadata over defaults, field by field. */
async function requestOf(
  store: ObjectStore,
  inputs: InputSet,
  defaults: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): Promise<RequestOfSet> {
  const metadata = metadataFields((inputs.mask ?? inputs.image).metadata);
  let fields: unknown = null;
  try {
    const file = inputs.request === undefined ? {} : await readRequest(store, inputs.request, signal);
    // Anything but an object is left to the schema, which refuses it.
    fields =
      typeof file === 'object' && file !== null && !Array.isArray(file)
        ? { ...defaults, ...metadata, ...file }
        : file;
    const carriedOut =
      inputs.mask === undefined ? undefined : withSentMask(defaults, { ...metadata, ...Object(file) });
    return { request: parseRequest(fields), carriedOut, fault: undefined, fields };
  } catch (error) {
    const fault = asEditError(error);
    if (fault.kind !== 'input') throw fault;
    return { request: undefined, fault, fields };
  }
}

/** Also `only`: a mask that was found, corrected by a person and dropped again is for an edit. */
const maskFields = ['maskMode', 'maskClasses', 'maskPrompt', 'only'] as const;

/**
 * The request with the mask that was dropped, where only the defaults ask for one to be found. `undefined`
 * where they do not. The id of the job is that of the request with its defaults, as it was in version 0.1.
 */
function withSentMask(
  defaults: Readonly<Record<string, unknown>>,
  own: Readonly<Record<string, unknown>>,
): EditRequest | undefined {
  if (defaults['maskMode'] === undefined || maskFields.some((name) => Object.hasOwn(own, name)))
    return undefined;
  const others = Object.entries(defaults).filter(([name]) => !maskFields.some((field) => field === name));
  return parseRequest({ ...Object.fromEntries(others), ...own });
}

async function readRequest(store: ObjectStore, info: ObjectInfo, signal: AbortSignal): Promise<unknown> {
  if (info.sizeBytes > maxRequestBytes) {
    throw new EditError(
      'REQUEST_TOO_LARGE',
      `Expected a request file of at most ${maxRequestBytes} bytes, got ${info.sizeBytes}`,
    );
  }
  const bytes = await store.read(info, { maxBytes: maxRequestBytes, signal });
  if (bytes === undefined)
    throw new EditError('BUSY', `Expected ${info.name} as it was listed, got a newer one`);
  return readRequestFile(bytes);
}

/** `inpaint-feather-px: "4"` -> `featherPx: 4`; ignores keys without the prefix. */
export function metadataFields(metadata: Readonly<Record<string, string>>): Record<string, unknown> {
  const fields = new Map<string, string>();
  for (const [key, text] of Object.entries(metadata)) {
    const kebab = /^inpaint-(.+)$/i.exec(key)?.[1]?.toLowerCase();
    if (kebab === undefined) continue;
    fields.set(
      kebab.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      text,
    );
  }
  return typedFields(fields);
}
