import { EditError } from '../../errors.ts';
import { type Patience, sendInTime } from '../calls/in-time.ts';
import { asModelError, type Exchange, exchange, jsonIn, type Transport } from '../calls/send.ts';
import type { HttpService } from '../http-service.ts';

/** The picture in an answer, or where it is. @throws {EditError} `ENGINE_BAD_REPLY` when neither is there. */
export function pictureIn(answer: Exchange, expected: HttpService['answer'], name: string): Buffer | URL {
  if (expected.as === 'bytes') return answer.body;
  const text = textAt(jsonIn(answer, name), expected.at);
  if (text === undefined) throw badReply(`Expected a text at ${expected.at} from ${name}, got none`);
  if (expected.as === 'base64') return Buffer.from(text.replace(/^data:[^,]*,/, ''), 'base64');
  const url = URL.parse(text);
  // The host is not told: it is the service's word, and may hold anything.
  if (url?.protocol !== 'https:' || !expected.hosts.includes(url.host)) {
    throw badReply(`Expected an https URL at ${expected.hosts.join(' or ')} from ${name}, got another`);
  }
  return url;
}

/** Follows names and indexes into JSON; own properties only. */
function textAt(json: unknown, path: string): string | undefined {
  let value = json;
  for (const step of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return typeof value === 'string' ? value : undefined;
}

interface FetchOptions {
  readonly name: string;
  readonly transport: Transport;
  readonly patience: Patience;
}

/** Fetches a picture that a service has made, without its secret. The fetch is no call of the model. */
export async function fetchPicture(
  url: URL,
  { name, transport, patience }: FetchOptions,
  signal: AbortSignal,
): Promise<Buffer> {
  const send = async (time: AbortSignal) => {
    const uncounted = { calls: 0, mayBeBilled: false };
    try {
      const request = { redirect: 'manual', signal: time } as const;
      const answer = await exchange(transport.fetch, url.href, request, transport.maxReplyBytes);
      if (answer.status === 200) return { ...uncounted, value: answer.body };
      const code = answer.status >= 500 ? 'MODEL_UNAVAILABLE' : 'ENGINE_BAD_REPLY';
      throw new EditError(code, `Expected the picture that ${name} has made, got ${answer.status}`);
    } catch (error) {
      return { ...uncounted, fault: asModelError(error, name) };
    }
  };
  return (await sendInTime({ model: name, send }, patience, signal)).value;
}

const badReply = (message: string) => new EditError('ENGINE_BAD_REPLY', message);
