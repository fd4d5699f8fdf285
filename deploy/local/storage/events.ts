import { type Agent, request } from 'node:http';
import { objectResource, type StoredObject } from './object.ts';

const FINALIZED = 'google.cloud.storage.object.v1.finalized';

interface EventMessage {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Percent-encodes what a header cannot hold, as the HTTP binding says. */
const headerText = (text: string): string =>
  text.replace(/[^\x21-\x7e]|["%]/gu, (char) =>
    [...Buffer.from(char)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );

/**
 * The event of a finished upload as Eventarc sends it, in binary mode.
 *
 * @see https://github.com/googleapis/google-cloudevents/blob/main/proto/google/events/cloud/storage/v1/data.proto
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
 */
export function finalizedEvent(object: StoredObject, id: string, baseUrl: string): EventMessage {
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'ce-specversion': '1.0',
    'ce-id': id,
    'ce-type': FINALIZED,
    'ce-source': `//storage.googleapis.com/projects/_/buckets/${object.bucket}`,
    'ce-subject': headerText(`objects/${object.name}`),
    'ce-time': new Date(object.createdMs).toISOString(),
    'ce-bucket': object.bucket,
  };
  return { headers, body: JSON.stringify(objectResource(object, baseUrl)) };
}

/** Posts an event; the status of the answer. */
export const postEvent = (
  url: string,
  { headers, body }: EventMessage,
  options: { readonly agent: Agent; readonly signal: AbortSignal },
): Promise<number> =>
  new Promise((resolve, reject) => {
    const length = { 'content-length': Buffer.byteLength(body) };
    const sent = request(
      url,
      { method: 'POST', headers: { ...headers, ...length }, ...options },
      (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode ?? 0));
        response.once('error', reject);
      },
    );
    sent.once('error', reject);
    sent.end(body);
  });
