import { type Answer, jsonSender } from '../http.ts';
import type { Call, Route, StudioParts } from './context.ts';

export const uploadRoutes: readonly Route[] = [
  { method: 'POST', path: /^\/uploads$/, answer: startUpload },
  { method: 'PUT', path: /^\/uploads\/(?<upload>[0-9a-f-]{36})$/, answer: sendPart },
];

const resumeIncomplete = 308;

async function startUpload({ request, response, signal }: Call, parts: StudioParts): Promise<Answer> {
  const { id, chunkBytes } = await (await parts.uploads()).start(request.body, signal);
  const location = `uploads/${id}`;
  response.status(201).set('Location', location);
  return { send: jsonSender(response, { id, chunkBytes, location }) };
}

/** One part, as Cloud Storage takes it: 308 with what has come, 201 at the end. */
async function sendPart({ request, response, path, signal }: Call, parts: StudioParts): Promise<Answer> {
  const id = path['upload'] ?? '';
  const bytes = request.rawBody ?? Buffer.alloc(0);
  const contentRange = request.get('content-range') ?? '';
  const result = await (await parts.uploads()).send({ id, contentRange, bytes }, signal);
  if (result.kind === 'complete') {
    response.status(201);
    return { send: jsonSender(response, { id }) };
  }
  const { receivedBytes } = result;
  if (receivedBytes > 0) response.set('Range', `bytes=0-${receivedBytes - 1}`);
  return { send: () => void response.status(resumeIncomplete).end() };
}
