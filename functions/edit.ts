import type { HttpFunction, Request, Response } from '@google-cloud/functions-framework';
import type { Edit, EditOutput, EditResult } from '../lib/edit.ts';
import { EditError } from '../lib/errors.ts';
import type { CallersObjects } from '../lib/http-jobs/objects.ts';
import { type EditRequest, parseRequest } from '../lib/requests/edit-request.ts';
import type { PlanEdit } from '../lib/wiring.ts';
import { refuseIdempotency, wantedAnswer } from './accept.ts';
import type { AtOnce } from './at-once.ts';
import { type Answer, assertAnswerFits, type HttpSettings, httpFunction, jsonSender } from './http.ts';
import { contentDisposition, editHeaders } from './picture-headers.ts';
import { isDryRun, queryNames, type Received, receive, type Source } from './received.ts';

interface EditFunctionOptions extends HttpSettings {
  readonly edit: () => Promise<Edit>;
  readonly plan: () => Promise<PlanEdit>;
  /** Objects that the caller may name; `undefined` where the function knows no bucket. */
  readonly objects: (() => Promise<CallersObjects>) | undefined;
  readonly maxImageBytes: number;
  readonly atOnce: AtOnce;
}

const shape = {
  operation: 'edit',
  files: ['image', 'mask', 'keep'],
  ownFields: ['output', 'storageUri'],
} as const;

/** An edit as the caller sent it. */
interface EditOrder {
  readonly input: {
    readonly image: Uint8Array;
    readonly mask: Uint8Array | undefined;
    readonly keep: Uint8Array | undefined;
    readonly request: EditRequest;
    readonly isPolarityGiven: boolean;
  };
  readonly fileName: string;
  /** The folder of the output bucket that the results are written to, instead of being sent. */
  readonly folder: string | undefined;
  readonly warnings: readonly string[];
}

/**
 * `POST` picture, mask and perhaps `keep` with the fields of a request, as a form, as JSON or with the
 * picture as the body -> the edited picture; with `Accept: application/json` every candidate in base64, and
 * the report. With `?dryRun=true` -> what the edit would do.
 */
export function editFunction(options: EditFunctionOptions): HttpFunction {
  const { maxImageBytes, atOnce, ...settings } = options;
  const named = { ...settings, name: 'edit', queryNames: (request: Request) => queryNames(request, shape) };
  return httpFunction(named, (request, response, signal) =>
    atOnce(async () => {
      refuseIdempotency(request);
      const dry = isDryRun(request);
      const wanted = dry ? 'json' : wantedAnswer(request, 'picture');
      const received = await receive(request, { ...shape, maxFileBytes: maxImageBytes });
      const order = await orderOf(received, options.objects, signal);
      if (dry) return planned(response, await (await options.plan())(order.input, signal), order);
      return edited(order, { wanted, response, options, signal });
    }),
  );
}

async function orderOf(
  { files, fields: { output, storageUri, ...fields }, warnings }: Received,
  objects: EditFunctionOptions['objects'],
  signal: AbortSignal,
): Promise<EditOrder> {
  const bytesOf = (source: Source | undefined) => source && resolve(source, objects, signal);
  const folder = await folderOf({ output, storageUri }, objects);
  const request = parseRequest(fields);
  if (request.only !== undefined) throw useJobs(`only: ${request.only}`, 'an edit');
  const image = await bytesOf(files.get('image'));
  if (image === undefined) throw new EditError('REQUEST_INVALID', 'Expected a file named image, got none');
  const mask = (await bytesOf(files.get('mask')))?.bytes;
  const keep = (await bytesOf(files.get('keep')))?.bytes;
  const isPolarityGiven = 'polarity' in fields;
  const input = { image: image.bytes, mask, keep, request, isPolarityGiven };
  return { input, fileName: image.fileName, folder, warnings };
}

interface Place {
  /** `body` or `bucket`. */
  readonly output: unknown;
  /** `gs://output/prefix`, as Imagen's API has it: then `output` is `bucket`. */
  readonly storageUri: unknown;
}

async function folderOf(
  { storageUri, output = storageUri === undefined ? 'body' : 'bucket' }: Place,
  objects: EditFunctionOptions['objects'],
): Promise<string | undefined> {
  if (output !== 'body' && output !== 'bucket') throw wrongField('output', 'expected body or bucket');
  if (storageUri !== undefined && (typeof storageUri !== 'string' || output === 'body'))
    throw wrongField('storageUri', 'expected gs://bucket/prefix, and output bucket or none beside it');
  if (output === 'body') return undefined;
  if (objects === undefined) throw useJobs(storageUri === undefined ? 'output=bucket' : 'storageUri');
  return (await objects()).folder(storageUri);
}

const wrongField = (name: string, detail: string) =>
  new EditError('REQUEST_INVALID', `${name}: ${detail}`, { errors: [{ pointer: `#/${name}`, detail }] });

async function resolve(source: Source, objects: EditFunctionOptions['objects'], signal: AbortSignal) {
  if (source.kind === 'bytes') return source;
  if (source.kind === 'upload') throw useJobs('the id of an upload');
  if (objects === undefined) throw useJobs('a gs:// address');
  return (await objects()).read(source.uri, signal);
}

const useJobs = (got: string, expected = 'the picture itself, as this function knows no bucket') =>
  new EditError('USE_JOBS', `Expected ${expected}, got ${got}`);

function planned(response: Response, plan: Awaited<ReturnType<PlanEdit>>, { warnings }: EditOrder): Answer {
  const { engine, calls } = plan;
  const send = jsonSender(response, { ...plan, warnings: [...warnings, ...plan.warnings] });
  return { send, facts: { engine, dryRun: true, calls } };
}

interface Work {
  readonly wanted: 'picture' | 'json';
  readonly response: Response;
  readonly options: EditFunctionOptions;
  readonly signal: AbortSignal;
}

async function edited(order: EditOrder, { wanted, response, options, signal }: Work): Promise<Answer> {
  const { maxAnswerBytes, objects } = options;
  const isJson = wanted === 'json';
  const { folder } = order;
  if (folder === undefined) {
    const { image, request } = order.input;
    assertAnswerFits(expectedBytes(image, request, isJson), maxAnswerBytes);
  }
  const result = withWarnings(await (await options.edit())(order.input, signal), order.warnings);
  const facts = result.report;
  if (folder !== undefined && objects !== undefined) {
    const kept = { result, folder, fileName: order.fileName, objects: await objects(), signal };
    return { send: await keptSender(response, kept), facts };
  }
  const send = isJson
    ? candidatesSender(response, result, maxAnswerBytes)
    : imageSender(response, { result, fileName: order.fileName, maxAnswerBytes });
  return { send, facts };
}

const withWarnings = (result: EditResult, warnings: readonly string[]): EditResult =>
  warnings.length === 0
    ? result
    : { ...result, report: { ...result.report, warnings: [...warnings, ...result.report.warnings] } };

/**
 * The size of the answer, as far as it is known before a model is asked: a JPEG that stays one keeps its
 * size, about. 0 for other pictures.
 */
function expectedBytes(image: Uint8Array, request: EditRequest, isJson: boolean): number {
  const isJpeg = image[0] === 0xff && image[1] === 0xd8;
  if (!isJpeg || request.outputFormat !== 'same' || request.outputQuality !== undefined) return 0;
  const base64Bytes = Math.ceil(image.length / 3) * 4;
  return isJson ? request.samples * base64Bytes : image.length;
}

interface SentImage {
  readonly result: EditResult;
  readonly fileName: string;
  readonly maxAnswerBytes: number | undefined;
}

function imageSender(response: Response, { result, fileName, maxAnswerBytes }: SentImage): () => void {
  const [best] = result.outputs;
  if (best === undefined) throw new EditError('INTERNAL', 'Expected at least one output, got none');
  assertAnswerFits(best.bytes.length, maxAnswerBytes);
  const disposition = contentDisposition(fileName, `.edited.${best.extension}`);
  const headers = { ...editHeaders(result), 'Content-Disposition': disposition };
  const { buffer, byteOffset, byteLength } = best.bytes;
  return () =>
    response
      .set(headers)
      .type(best.mediaType)
      .send(Buffer.from(buffer, byteOffset, byteLength));
}

function candidatesSender(response: Response, result: EditResult, maxAnswerBytes?: number): () => void {
  const { outputs, mask, report } = result;
  const encoded = ({ mediaType, bytes }: Pick<EditOutput, 'mediaType' | 'bytes'>) => ({
    mediaType,
    bytesBase64Encoded: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'),
  });
  response.set(editHeaders(result));
  const answer = { outputs: outputs.map(encoded), ...(mask && { mask: encoded(mask) }), report };
  return jsonSender(response, answer, maxAnswerBytes);
}

interface KeptResult {
  readonly result: EditResult;
  readonly folder: string;
  readonly fileName: string;
  readonly objects: CallersObjects;
  readonly signal: AbortSignal;
}

async function keptSender(
  response: Response,
  { result, folder, fileName: ofPhoto, objects, signal }: KeptResult,
): Promise<() => void> {
  const outputs: object[] = [];
  for (const [at, { mediaType, bytes, extension }] of result.outputs.entries()) {
    const fileName = `${ofPhoto.replace(/\.[^./]*$/, '') || 'picture'}.edited.${at + 1}.${extension}`;
    outputs.push({ mediaType, uri: await objects.keep({ bytes, fileName, mediaType }, folder, signal) });
  }
  response.set(editHeaders(result));
  return jsonSender(response, { outputs, report: result.report });
}
