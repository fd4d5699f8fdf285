import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { listen, stop, urlOf } from './loopback.ts';

/** A message as its subscribers would get it. */
export interface TopicMessage {
  readonly attributes: Readonly<Record<string, string>>;
  /** The JSON of its data. */
  readonly data: Readonly<Record<string, unknown>>;
}

export interface TopicEmulator {
  /** `127.0.0.1:port`, for `PUBSUB_EMULATOR_HOST`. */
  readonly host: string;
  close(): Promise<void>;
}

interface TopicOptions {
  /** `projects/P/topics/T`. */
  readonly name: string;
  /** May throw: then the message is refused with 503. */
  readonly onMessage: (message: TopicMessage) => void;
}

/** One topic of Pub/Sub on this machine: takes messages over REST v1, and passes each on at once. */
export async function startTopicEmulator({ name, onMessage }: TopicOptions): Promise<TopicEmulator> {
  const server = await listen(0);
  server.on('request', async (request, response) => {
    const { status, json } = await answer(request).catch((error: unknown) => refusal(503, String(error)));
    response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8' });
    response.end(JSON.stringify(json));
  });

  async function answer(request: IncomingMessage): Promise<{ status: number; json: object }> {
    const body = JSON.parse((await text(request)) || '{}') as { messages?: unknown };
    if (request.method !== 'POST' || request.url !== `/v1/${name}:publish`)
      return refusal(404, `Resource not found (resource=${request.url}).`);
    if (!Array.isArray(body.messages) || body.messages.length === 0)
      return refusal(400, 'One or more messages in the publish request is empty.');
    const messageIds: string[] = [];
    for (const { attributes = {}, data = '' } of body.messages) {
      onMessage({ attributes, data: JSON.parse(Buffer.from(data, 'base64').toString() || '{}') });
      messageIds.push(String(++lastId));
    }
    return { status: 200, json: { messageIds } };
  }

  let lastId = 0;
  return { host: new URL(urlOf(server)).host, close: () => stop(server) };
}

const refusal = (status: number, message: string) => ({
  status,
  json: { error: { code: status, message, status: status === 503 ? 'UNAVAILABLE' : 'INVALID_ARGUMENT' } },
});
