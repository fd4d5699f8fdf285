import type { Response } from '@google-cloud/functions-framework';
import { EditError } from '../lib/errors.ts';

/** @throws {EditError} `ANSWER_TOO_LARGE`. */
export function assertAnswerFits(sizeBytes: number, maxAnswerBytes = Number.POSITIVE_INFINITY): void {
  if (sizeBytes <= maxAnswerBytes) return;
  throw new EditError(
    'ANSWER_TOO_LARGE',
    `Expected an answer of at most ${maxAnswerBytes} bytes, got one of ${sizeBytes}`,
  );
}

/**
 * A value -> how to send it, already written down: what does not fit is an error while it can still be told.
 *
 * @throws {EditError} `ANSWER_TOO_LARGE`.
 */
export function jsonSender(response: Response, value: unknown, maxAnswerBytes?: number): () => void {
  const bytes = Buffer.from(JSON.stringify(value));
  assertAnswerFits(bytes.length, maxAnswerBytes);
  return () => response.type('json').send(bytes);
}

/** Base64 takes 4 bytes for 3. */
export const base64Length = (sizeBytes: number): number => Math.ceil(sizeBytes / 3) * 4;
