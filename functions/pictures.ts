import type { HttpFunction, Request, Response } from '@google-cloud/functions-framework';
import type { PictureOutcome } from '../lib/engines/picture-engines.ts';
import { EditError } from '../lib/errors.ts';
import type { Generate } from '../lib/generate.ts';
import type { Upscale } from '../lib/upscale.ts';
import type { Pictures } from '../lib/wiring.ts';
import { refuseIdempotency, wantedAnswer } from './accept.ts';
import { type Answer, assertAnswerFits, type HttpSettings, httpFunction, jsonSender } from './http.ts';
import { contentDisposition, headerText, warningHeaders } from './picture-headers.ts';
import { isDryRun, queryNames, type Received, receive } from './received.ts';

type MakePictures = Generate | Upscale;
type Reply = Awaited<ReturnType<MakePictures>>;

interface PicturesFunctionOptions extends HttpSettings {
  readonly name: 'generate' | 'upscale';
  readonly pictures: () => Promise<Pictures<MakePictures>>;
  readonly maxImageBytes: number;
}

/** A request for text to image has no file. */
const filesOf = { generate: [], upscale: ['image'] } as const;

/**
 * `POST` JSON, a form or, for upscaling, a picture as the body -> every candidate as JSON, in base64 or by
 * its `gs://` address; with `Accept: image/*` the first picture itself, if there is one. With `?dryRun=true`
 * -> what it would do.
 *
 * Text to image takes `{ "prompt": "...", "samples": 2, ... }`; upscaling takes
 * `{ "image": {"base64": "..."}, "factor": "x2" }`, or `{"uri": "gs://..."}`.
 */
export function picturesFunction(options: PicturesFunctionOptions): HttpFunction {
  const { pictures, maxImageBytes, maxAnswerBytes, name } = options;
  const shape = { operation: name, files: filesOf[name], maxFileBytes: maxImageBytes };
  const named = { ...options, queryNames: (request: Request) => queryNames(request, shape) };
  return httpFunction(named, async (request, response, signal) => {
    refuseIdempotency(request);
    const dry = isDryRun(request);
    const wanted = dry ? 'json' : wantedAnswer(request, 'json');
    const received = await receive(request, shape);
    const value = fieldsOf(received);
    // Before the model is paid.
    if (wanted === 'picture') assertNoStorage(value);
    const { make, plan } = await pictures();
    if (dry) return planned(response, await plan(value), received.warnings);
    const reply = withWarnings(await make(value, signal), received.warnings);
    const { engine, calls, warnings, outcomes } = reply;
    const facts = { engine, calls, warnings: warnings.length, outcomes: outcomes.map(({ kind }) => kind) };
    response.set(headersOf(reply));
    const send =
      (wanted === 'picture' ? imageSender(response, reply, options) : undefined) ??
      candidatesSender(response, reply, maxAnswerBytes);
    return { send, facts };
  });
}

/** The fields with the picture as the schema has it. */
function fieldsOf({ files, fields }: Received): Readonly<Record<string, unknown>> {
  const image = files.get('image');
  if (image === undefined) return fields;
  if (image.kind === 'upload') {
    throw new EditError('USE_JOBS', 'Expected the picture itself, got the id of an upload');
  }
  if (image.kind === 'uri') return { ...fields, imageUri: image.uri };
  return { ...fields, image: Buffer.from(image.bytes).toString('base64') };
}

function planned(response: Response, plan: PlanOf, more: readonly string[]): Answer {
  const { engine, calls, warnings } = plan;
  const send = jsonSender(response, { ...plan, warnings: [...more, ...warnings] });
  return { send, facts: { engine, dryRun: true, calls } };
}

type PlanOf = Awaited<ReturnType<Pictures<MakePictures>['plan']>>;

const withWarnings = (reply: Reply, more: readonly string[]): Reply => ({
  ...reply,
  warnings: [...more, ...reply.warnings],
});

/** @throws {EditError} `REQUEST_INVALID` when the model would write its pictures to a bucket. */
function assertNoStorage(value: Readonly<Record<string, unknown>>): void {
  if (!('storageUri' in value)) return;
  throw new EditError(
    'REQUEST_INVALID',
    'Expected Accept: application/json or no storageUri, as the answer would be an address in a bucket',
  );
}

function candidatesSender(response: Response, reply: Reply, maxAnswerBytes?: number): () => void {
  const value = { ...reply, outcomes: undefined, pictures: reply.outcomes.map(toJson) };
  return jsonSender(response, value, maxAnswerBytes);
}

const headersOf = ({ engine, warnings, outcomes }: Reply) => ({
  'Inpaint-Engine': headerText(engine),
  'Inpaint-Candidates': String(outcomes.filter(({ kind }) => kind === 'image').length),
  ...warningHeaders(warnings),
});

/** Sends the first picture; `undefined` when there is none. */
function imageSender(
  response: Response,
  { outcomes }: Reply,
  { name, maxAnswerBytes }: Pick<PicturesFunctionOptions, 'name' | 'maxAnswerBytes'>,
): (() => void) | undefined {
  const [image] = outcomes.flatMap((outcome) => (outcome.kind === 'image' ? [outcome.image] : []));
  if (image === undefined) return undefined;
  assertAnswerFits(image.bytes.length, maxAnswerBytes);
  const disposition = contentDisposition(name, `.${image.mediaType.split('/')[1]}`);
  response.set('Content-Disposition', disposition);
  return () => response.type(image.mediaType).send(Buffer.from(image.bytes));
}

function toJson(outcome: PictureOutcome): object {
  if (outcome.kind !== 'image') return outcome;
  const { bytes, mediaType } = outcome.image;
  return { kind: 'image', mediaType, bytesBase64Encoded: Buffer.from(bytes).toString('base64') };
}
