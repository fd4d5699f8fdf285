import { objectResource, type StoredObject } from './object.ts';

const FINALIZED = 'google.cloud.storage.object.v1.finalized';

export interface EventMessage {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The HTTP binding asks for percent-encoding of what a header cannot hold. */
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
