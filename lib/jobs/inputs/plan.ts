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
import { type InputSet, jobId } from './identity.ts';

export interface PlanOptions {
  /** For the job's identity. */
  readonly engine: string;
  /** Fields used where neither request file nor metadata say otherwise. */
  readonly requestDefaults: Readonly<Record<string, unknown>>;
  /** `required`: no job without a request file. */
  readonly requestFile: 'optional' | 'required';
  /** Whether this request does without a mask object. */
  readonly makesOwnMask: (request: EditRequest) => boolean;
}

/** One job, named. `fault` stands in for a request that cannot be carried out: the job exists to report it. */
export interface Job {
  readonly id: string;
  readonly inputs: InputSet;
  readonly request: EditRequest | undefined;
  readonly fault: EditError | undefined;
}

/**
 * A set of files -> the job they ask for; `undefined` while a member is missing.
 *
 * @throws {EditError} `BUSY` when the request file was replaced meanwhile.
 */
export async function planJob(
  store: ObjectStore,
  inputs: InputSet,
  options: PlanOptions,
  signal: AbortSignal,
): Promise<Job | undefined> {
  if (options.requestFile === 'required' && inputs.request === undefined) return undefined;
  const asked = await askedFor(store, inputs, options.requestDefaults, signal);
  if (inputs.mask === undefined) {
    // An unreadable request beside a picture alone: the mask may follow, and then it is reported.
    if (asked.request === undefined || !options.makesOwnMask(asked.request)) return undefined;
  }
  const effectiveRequest = asked.request === undefined ? asked.fields : canonicalRequest(asked.request);
  const id = jobId({ inputs, engine: options.engine, effectiveRequest });
  return { id, inputs, request: asked.request, fault: asked.fault };
}

interface Asked {
  readonly request: EditRequest | undefined;
  readonly fault: EditError | undefined;
  readonly fields: unknown;
}

/** File over metadata over defaults, field by field. */
async function askedFor(
  store: ObjectStore,
  inputs: InputSet,
  defaults: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): Promise<Asked> {
  const metadata = metadataFields((inputs.mask ?? inputs.image).metadata);
  let fields: unknown = null;
  try {
    const file = inputs.request === undefined ? {} : await readRequest(store, inputs.request, signal);
    // What is no object is left as it is: the schema refuses it in its own words.
    fields =
      typeof file === 'object' && file !== null && !Array.isArray(file)
        ? { ...defaults, ...metadata, ...file }
        : file;
    return { request: parseRequest(fields), fault: undefined, fields };
  } catch (error) {
    const fault = asEditError(error);
    if (fault.kind !== 'input') throw fault;
    return { request: undefined, fault, fields };
  }
}

async function readRequest(store: ObjectStore, info: ObjectInfo, signal: AbortSignal): Promise<unknown> {
  if (info.sizeBytes > maxRequestBytes) {
    throw new EditError(
      'REQUEST_TOO_LARGE',
      `Expected a request file of at most ${maxRequestBytes} bytes, got ${info.sizeBytes}`,
    );
  }
  const bytes = await store.read(info, { maxBytes: maxRequestBytes, signal });
  if (bytes === undefined) throw new EditError('BUSY', `Expected ${info.name} to stay while it is read`);
  return readRequestFile(bytes);
}

/** `inpaint-feather-px: "4"` -> `featherPx: 4`; other keys of the metadata are not ours. */
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
