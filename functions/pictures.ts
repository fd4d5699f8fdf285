import type { HttpFunction, Request, Response } from '@google-cloud/functions-framework';
import type { PictureOutcome, PictureReply } from '../lib/engines/picture-engines.ts';
import { EditError } from '../lib/errors.ts';
import { assertAnswerFits, jsonSender } from './answer.ts';
import { httpFunction, type Rim } from './http.ts';

/** JSON from the caller -> pictures with their outcomes. */
export type MakePictures = (
  value: unknown,
  signal: AbortSignal,
) => Promise<PictureReply & { readonly engine: string }>;

export interface PicturesFunctionOptions extends Rim {
  readonly name: string;
  readonly make: () => Promise<MakePictures>;
}

/**
 * `POST` application/json -> every candidate as JSON, in base64 or by its `gs://` address; with
 * `Accept: image/*` the first picture itself, where there is one.
 */
export function picturesFunction({ make, ...rim }: PicturesFunctionOptions): HttpFunction {
  return httpFunction({ ...rim, methods: ['POST'] }, async (request, response, signal) => {
    const value = jsonBody(request);
    const isImageWanted = wantsImage(request);
    // Before anything is paid for.
    if (isImageWanted) assertNotStored(value);
    const reply = await (await make())(value, signal);
    const { engine, calls, warnings, outcomes } = reply;
    const facts = { engine, calls, warnings: warnings.length, outcomes: outcomes.map(({ kind }) => kind) };
    const image = isImageWanted ? firstImage(reply) : undefined;
    const send =
      image === undefined
        ? jsonOf(response, reply, rim.maxAnswerBytes)
        : imageOf(response, { image, engine }, rim.maxAnswerBytes);
    return { send, facts };
  });
}

function jsonBody(request: Request): unknown {
  if (request.is('application/json')) return request.body;
  throw new EditError('REQUEST_INVALID', 'Expected a body of type application/json, got another');
}

/** JSON is the answer for who does not say: only JSON can hold several pictures. */
function wantsImage(request: Request): boolean {
  const accepted = request.get('accept') ?? '';
  return accepted.includes('image/') && !accepted.includes('json');
}

/** @throws {EditError} `REQUEST_INVALID` where the model would put its pictures into a bucket. */
function assertNotStored(value: unknown): void {
  if (typeof value !== 'object' || value === null || !('storageUri' in value)) return;
  throw new EditError(
    'REQUEST_INVALID',
    'Expected Accept: application/json or no storageUri, as pictures in a bucket are answered by their address',
  );
}

type NamedReply = PictureReply & { readonly engine: string };

function jsonOf(response: Response, reply: NamedReply, maxAnswerBytes?: number): () => void {
  const value = { ...reply, outcomes: undefined, pictures: reply.outcomes.map(toJson) };
  return jsonSender(response, value, maxAnswerBytes);
}

const firstImage = ({ outcomes }: PictureReply) =>
  outcomes.find((outcome) => outcome.kind === 'image')?.image;

interface NamedImage {
  readonly image: NonNullable<ReturnType<typeof firstImage>>;
  readonly engine: string;
}

function imageOf(response: Response, { image, engine }: NamedImage, maxAnswerBytes?: number): () => void {
  assertAnswerFits(image.bytes.length, maxAnswerBytes);
  return () => {
    response.set('Inpaint-Engine', engine);
    response.type(image.mediaType).send(Buffer.from(image.bytes));
  };
}

function toJson(outcome: PictureOutcome): object {
  if (outcome.kind !== 'image') return outcome;
  const { bytes, mediaType } = outcome.image;
  return { kind: 'image', mediaType, bytesBase64Encoded: Buffer.from(bytes).toString('base64') };
}
