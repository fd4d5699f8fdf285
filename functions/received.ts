import type { Request } from '@google-cloud/functions-framework';
import { z } from 'zod';
import { EditError } from '../lib/errors.ts';
import { translate } from '../lib/requests/aliases.ts';
import { typedFields } from '../lib/requests/edit-request.ts';
import type { Operation } from '../lib/requests/options.ts';
import { assertPlain } from '../lib/requests/plain-json.ts';
import { shapeOf, shortName } from '../lib/requests/schema.ts';

/** A file of a request: its bytes, or where they lie. */
export type Source =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly fileName: string }
  /** `gs://bucket/name`. */
  | { readonly kind: 'uri'; readonly uri: string }
  /** The id of a finished upload. */
  | { readonly kind: 'upload'; readonly id: string };

/** A request, in whichever of the three ways it was sent. */
export interface Received {
  readonly files: ReadonlyMap<string, Source>;
  /** Typed as the schema of the operation wants them, but not checked by it. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly warnings: readonly string[];
}

interface ReceiveOptions {
  readonly operation: Operation;
  /** Names of the files that may be sent, that of the picture first. */
  readonly files: readonly string[];
  /** Further fields that are no options of the operation. */
  readonly ownFields?: readonly string[];
  readonly maxFileBytes: number;
}

const isRaw = (request: Request): boolean => /^image\//i.test(request.headers['content-type'] ?? '');

/** Names that the query may have: with a raw picture, whose body has no room for fields, all fields. */
export function queryNames(
  request: Request,
  { operation, files, ownFields = [] }: Omit<ReceiveOptions, 'maxFileBytes'>,
): readonly string[] {
  if (!isRaw(request)) return ['dryRun'];
  return ['dryRun', ...files.slice(1), ...ownFields, ...Object.keys(shapeOf(operation)), 'engine'];
}

/**
 * Reads a request in one of three ways: a form with files, JSON with sources (`{"image": {"base64":
 * "..."}}`), or the picture as the body with the fields in the query. JSON may use the words of Imagen's API.
 *
 * @throws {EditError} `REQUEST_INVALID`, `IMAGE_TOO_LARGE`, `REQUEST_TOO_LARGE`.
 */
export async function receive(request: Request, options: ReceiveOptions): Promise<Received> {
  if (isRaw(request)) return receiveRaw(request, options);
  if (request.is('application/json')) return receiveJson(request, options);
  return receiveForm(request, options);
}

async function receiveForm(request: Request, options: ReceiveOptions): Promise<Received> {
  const type = request.headers['content-type'] ?? '';
  if (!/^multipart\/form-data\b/i.test(type)) {
    const got = shortName(type.split(';')[0] ?? '') || 'no content type';
    throw new EditError(
      'REQUEST_INVALID',
      `Expected multipart/form-data, application/json or image/*, got ${got}`,
    );
  }
  // Loaded with the first form: a cold start does not pay for it.
  const { readForm } = await import('./multipart.ts');
  const { files, fields } = await readForm(request, options);
  const sources = [...files].map(([name, file]) => [name, { kind: 'bytes', ...file }] as const);
  return withFields(new Map(sources), typed(fields, options), options);
}

const typed = (texts: ReadonlyMap<string, string>, { operation }: ReceiveOptions) =>
  typedFields(texts, shapeOf(operation));

function receiveRaw(request: Request, options: ReceiveOptions): Received {
  const bytes = request.rawBody ?? Buffer.alloc(0);
  assertFits(bytes.length, options);
  const query = queryOf(request);
  const [picture = 'image', ...others] = options.files;
  const files = new Map<string, Source>([[picture, { kind: 'bytes', bytes, fileName: '' }]]);
  for (const name of others) {
    const uri = query.get(name);
    if (uri !== undefined) files.set(name, parseSource(name, { uri }, options));
  }
  const texts = [...query].filter(([name]) => name !== 'dryRun' && !options.files.includes(name));
  return withFields(files, typed(new Map(texts), options), options);
}

function queryOf(request: Request): ReadonlyMap<string, string> {
  return new Map(new URL(request.originalUrl, 'http://any').searchParams);
}

/** @throws {EditError} `REQUEST_INVALID` for another value than true or false. */
export function isDryRun(request: Request): boolean {
  const value = queryOf(request).get('dryRun') ?? 'false';
  if (value === 'true' || value === 'false') return value === 'true';
  throw new EditError('REQUEST_INVALID', `Expected dryRun true or false, got ${shortName(value)}`, {
    errors: [{ pointer: '?dryRun', detail: 'expected true or false' }],
  });
}

function receiveJson(request: Request, options: ReceiveOptions): Received {
  const body: unknown = request.body;
  assertPlain(body);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new EditError('REQUEST_INVALID', 'Expected a JSON object, got another value');
  }
  const { fields, warnings } = translate(options.operation, body as Record<string, unknown>);
  const files = new Map<string, Source>();
  const isFile = ([name]: readonly [string, unknown]) => options.files.includes(name);
  const entries = Object.entries(fields);
  for (const [name, value] of entries.filter(isFile)) files.set(name, parseSource(name, value, options));
  return { files, fields: Object.fromEntries(entries.filter((entry) => !isFile(entry))), warnings };
}

/** Imagen's words are taken in a form and in a query too. */
function withFields(
  files: ReadonlyMap<string, Source>,
  fields: Readonly<Record<string, unknown>>,
  { operation }: ReceiveOptions,
): Received {
  return { files, ...translate(operation, fields) };
}

const gcsUri = z.string().regex(/^gs:\/\/[^/]+\/.+$/s, 'expected gs://bucket/name');
const base64 = z.base64().min(1);
const sourceShape = 'expected {"base64": "..."}, {"uri": "gs://bucket/name"} or {"upload": "id"}';
const sourceSchema = z.union([
  base64.transform((text) => ({ base64: text })),
  z.strictObject({ base64 }),
  z.strictObject({ uri: gcsUri }),
  z.strictObject({ upload: z.string().min(1).max(100) }),
  // As Imagen's API has them.
  z
    .object({ bytesBase64Encoded: base64, mimeType: z.string().optional() })
    .transform(({ bytesBase64Encoded }) => ({ base64: bytesBase64Encoded })),
  z.object({ gcsUri, mimeType: z.string().optional() }).transform((source) => ({ uri: source.gcsUri })),
  z.object({ image: z.object({ bytesBase64Encoded: base64 }) }).transform(({ image }) => ({
    base64: image.bytesBase64Encoded,
  })),
]);

function parseSource(name: string, value: unknown, options: ReceiveOptions): Source {
  const parsed = sourceSchema.safeParse(value);
  if (!parsed.success) {
    const errors = [{ pointer: `#/${name}`, detail: sourceShape }];
    throw new EditError('REQUEST_INVALID', `${name}: ${sourceShape}`, { errors });
  }
  const source = parsed.data;
  if ('uri' in source) return { kind: 'uri', uri: source.uri };
  if ('upload' in source) return { kind: 'upload', id: source.upload };
  const bytes = Buffer.from(source.base64, 'base64');
  assertFits(bytes.length, options);
  return { kind: 'bytes', bytes, fileName: '' };
}

function assertFits(sizeBytes: number, { maxFileBytes }: ReceiveOptions): void {
  if (sizeBytes <= maxFileBytes) return;
  throw new EditError('IMAGE_TOO_LARGE', `Expected at most ${maxFileBytes} bytes, got ${sizeBytes}`);
}
