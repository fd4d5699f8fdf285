import { type GoogleApi, post } from '../google-api.ts';
import type { JobEnd } from './end.ts';

export interface TopicOptions extends Pick<GoogleApi, 'authorize' | 'fetch'> {
  /** `projects/P/topics/T`. */
  readonly topic: string;
  /** Base URL of Pub/Sub, or of a stand-in. */
  readonly apiEndpoint: string;
  readonly inputBucket: string;
  readonly outputBucket: string;
}

const codes = { unavailable: 'TOPIC_UNAVAILABLE', permission: 'TOPIC_PERMISSION' } as const;

/**
 * Publishes one message about the end of a job. Its attributes are what a subscription can filter by; its
 * data are JSON, without what people asked for.
 *
 * @throws {EditError} `TOPIC_UNAVAILABLE` or `TOPIC_PERMISSION`.
 * @see https://cloud.google.com/pubsub/docs/reference/rest/v1/projects.topics/publish
 */
export async function publishEnd(
  end: JobEnd & { readonly delivered?: string | undefined },
  options: TopicOptions,
  signal: AbortSignal,
): Promise<void> {
  const { topic, apiEndpoint, inputBucket, outputBucket } = options;
  const { job, image, outcome, failure, outputs, file, delivered, round } = end;
  const inOutputs = (name: string) => `gs://${outputBucket}/${name}`;
  const message = {
    ...{ job, outcome, round },
    image: `gs://${inputBucket}/${image}`,
    outputs: outputs.map(({ name }) => inOutputs(name)),
    ...(delivered !== undefined && { delivered: inOutputs(delivered) }),
    file: inOutputs(file.name),
    ...failure,
  };
  const attributes = { job, image, outcome, ...(failure && { code: failure.code || 'INTERNAL' }) };
  const data = Buffer.from(JSON.stringify(message)).toString('base64');
  const url = `${apiEndpoint}/v1/${topic}:publish`;
  const wanted = `to take a message for ${topic}`;
  await post(
    { ...options, name: 'Pub/Sub', ...codes },
    { url, body: { messages: [{ data, attributes }] }, wanted },
    signal,
  );
}
