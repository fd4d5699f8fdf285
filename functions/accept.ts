import type { Request } from '@google-cloud/functions-framework';
import { EditError } from '../lib/errors.ts';
import { shortName } from '../lib/requests/schema.ts';

const json = 'application/json';
/** Formats of answers; which one it is follows from the picture and the request. */
const pictures = ['png', 'jpeg', 'webp', 'tiff', 'avif', 'gif', 'bmp'].map((name) => `image/${name}`);

/**
 * What the caller wants: the picture itself, or everything as JSON. Values of q count; of two that are equal
 * the more precise one wins.
 *
 * @param first what a caller gets who takes anything.
 * @throws {EditError} `NOT_ACCEPTABLE`.
 * @see RFC 9110, 12.5.1
 */
export function wantedAnswer(request: Request, first: 'picture' | 'json'): 'picture' | 'json' {
  const offers = first === 'picture' ? [...pictures, json] : [json, ...pictures];
  const accepted = request.accepts(offers);
  if (accepted === false) {
    const got = shortName(request.get('accept') ?? '');
    throw new EditError('NOT_ACCEPTABLE', `Expected Accept to take image/* or ${json}, got ${got}`);
  }
  return accepted === json ? 'json' : 'picture';
}

/** @throws {EditError} `IDEMPOTENCY_UNSUPPORTED`: a promise that is not kept is worse than none. */
export function refuseIdempotency(request: Request): void {
  if (request.get('idempotency-key') === undefined) return;
  throw new EditError(
    'IDEMPOTENCY_UNSUPPORTED',
    'Expected no Idempotency-Key, as this function keeps no record of its requests, got one',
  );
}
