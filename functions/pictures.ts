import type { HttpFunction, Request, Response } from '@google-cloud/functions-framework';
import type { PictureOutcome, PictureReply } from '../lib/engines/picture-engines.ts';
import { EditError } from '../lib/errors.ts';
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
 * `Accept: image/*` the first picture itself.
 */
export function picturesFunction({ make, ...rim }: PicturesFunctionOptions): HttpFunction {
  return httpFunction({ ...rim, methods: ['POST'] }, async (request, response, signal) => {
    const value = jsonBody(request);
    const reply = await (await make())(value, signal);
    const { engine, calls, warnings, outcomes } = reply;
    const facts = { engine, calls, warnings: warnings.length, outcomes: outcomes.map(({ kind }) => kind) };
    const answer = wantsImage(request) ? answerImage : answerJson;
    return { send: () => answer(response, reply), facts };
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

type NamedReply = PictureReply & { readonly engine: string };

function answerJson(response: Response, reply: NamedReply): void {
  response.json({ ...reply, outcomes: undefined, pictures: reply.outcomes.map(toJson) });
}

function answerImage(response: Response, { outcomes, engine }: NamedReply): void {
  const image = outcomes.find((outcome) => outcome.kind === 'image')?.image;
  if (image === undefined) {
    throw new EditError(
      'REQUEST_INVALID',
      'Expected Accept: application/json, as the pictures are in a bucket',
    );
  }
  response.set('Inpaint-Engine', engine);
  response.type(image.mediaType).send(Buffer.from(image.bytes));
}

function toJson(outcome: PictureOutcome): object {
  if (outcome.kind !== 'image') return outcome;
  const { bytes, mediaType } = outcome.image;
  return { kind: 'image', mediaType, bytesBase64Encoded: Buffer.from(bytes).toString('base64') };
}
