import type { HttpFunction, Request, Response } from '@google-cloud/functions-framework';
import type { PictureOutcome } from '../lib/engines/picture-engines.ts';
import { EditError } from '../lib/errors.ts';
import type { Generate } from '../lib/generate.ts';
import { assertPlain } from '../lib/requests/plain-json.ts';
import type { Upscale } from '../lib/upscale.ts';
import { assertAnswerFits, type HttpSettings, httpFunction, jsonSender } from './http.ts';
import { contentDisposition, headerText, warningHeaders } from './picture-headers.ts';

type MakePictures = Generate | Upscale;
type Reply = Awaited<ReturnType<MakePictures>>;

interface PicturesFunctionOptions extends HttpSettings {
  readonly name: 'generate' | 'upscale';
  readonly make: () => Promise<MakePictures>;
}

/**
 * `POST` application/json -> every candidate as JSON, in base64 or by its `gs://` address; with
 * `Accept: image/*` the first picture itself, if there is one.
 *
 * Text to image takes `{ "prompt": "...", "samples": 2, ... }`; upscaling takes
 * `{ "image": "<base64>", "factor": "x2" }`, or `imageUri` instead of `image`.
 */
export function picturesFunction({ make, ...settings }: PicturesFunctionOptions): HttpFunction {
  const { maxAnswerBytes } = settings;
  return httpFunction(settings, async (request, response, signal) => {
    const value = jsonBody(request);
    const isImageWanted = wantsImage(request);
    // Before the model is paid.
    if (isImageWanted) assertNoStorage(value);
    const reply = await (await make())(value, signal);
    const { engine, calls, warnings, outcomes } = reply;
    const facts = { engine, calls, warnings: warnings.length, outcomes: outcomes.map(({ kind }) => kind) };
    const send =
      (isImageWanted ? imageSender(response, reply, settings) : undefined) ??
      candidatesSender(response, reply, maxAnswerBytes);
    return { send, facts };
  });
}

function jsonBody(request: Request): unknown {
  if (request.is('application/json')) {
    assertPlain(request.body);
    return request.body;
  }
  throw new EditError('REQUEST_INVALID', 'Expected a body of type application/json, got another');
}

/** JSON is the default: only JSON can hold several pictures. */
function wantsImage(request: Request): boolean {
  const accepted = request.get('accept') ?? '';
  return accepted.includes('image/') && !accepted.includes('json');
}

/** @throws {EditError} `REQUEST_INVALID` when the model would write its pictures to a bucket. */
function assertNoStorage(value: unknown): void {
  if (typeof value !== 'object' || value === null || !('storageUri' in value)) return;
  throw new EditError(
    'REQUEST_INVALID',
    'Expected Accept: application/json or no storageUri, as the answer would be an address in a bucket',
  );
}

function candidatesSender(response: Response, reply: Reply, maxAnswerBytes?: number): () => void {
  const value = { ...reply, outcomes: undefined, pictures: reply.outcomes.map(toJson) };
  return jsonSender(response, value, maxAnswerBytes);
}

/** Sends the first picture; `undefined` when there is none. */
function imageSender(
  response: Response,
  { engine, warnings, outcomes }: Reply,
  { name, maxAnswerBytes }: Pick<PicturesFunctionOptions, 'name' | 'maxAnswerBytes'>,
): (() => void) | undefined {
  const images = outcomes.flatMap((outcome) => (outcome.kind === 'image' ? [outcome.image] : []));
  const [image] = images;
  if (image === undefined) return undefined;
  assertAnswerFits(image.bytes.length, maxAnswerBytes);
  const headers = {
    'Inpaint-Engine': headerText(engine),
    'Inpaint-Candidates': String(images.length),
    ...warningHeaders(warnings),
    'Content-Disposition': contentDisposition(name, `.${image.mediaType.split('/')[1]}`),
  };
  return () => response.set(headers).type(image.mediaType).send(Buffer.from(image.bytes));
}

function toJson(outcome: PictureOutcome): object {
  if (outcome.kind !== 'image') return outcome;
  const { bytes, mediaType } = outcome.image;
  return { kind: 'image', mediaType, bytesBase64Encoded: Buffer.from(bytes).toString('base64') };
}
