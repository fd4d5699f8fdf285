import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { expect, it } from 'vitest';
import type { FaultyStorage } from '../../../support/faulty-storage.ts';
import { clientOf, eventually, startEmulator } from './support.ts';

interface HalfSent {
  finish(): Promise<number | undefined>;
}

/** Sends all but the last byte of a body: whatever is decided too early is decided before `finish`. */
function halfSend(url: string, method: string, body: string): HalfSent {
  const sent: ClientRequest = request(url, {
    method,
    agent: false,
    headers: { 'content-length': Buffer.byteLength(body), 'content-type': 'application/json' },
  });
  sent.write(body.slice(0, -1));
  return {
    finish: async () => {
      sent.end(body.slice(-1));
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      response.resume();
      return response.statusCode;
    },
  };
}

/** Both requests are under way before either has all its bytes. */
async function raced(emulator: FaultyStorage, begin: () => HalfSent): Promise<(number | undefined)[]> {
  emulator.requests.reset();
  const both = [begin(), begin()];
  await eventually(() => expect(emulator.requests.snapshot().total).toBe(2));
  return (await Promise.all(both.map((one) => one.finish()))).sort();
}

it.each([
  ['creations', 'POST', '/upload/storage/v1/b/control/o?uploadType=media&name=new&ifGenerationMatch=0'],
  ['swaps', 'PATCH', '/storage/v1/b/control/o/claim?ifMetagenerationMatch=1'],
  ['copies', 'POST', '/storage/v1/b/control/o/claim/rewriteTo/b/control/o/copy?ifGenerationMatch=0'],
])('lets one of two %s through that were under way together', async (_, method, path) => {
  const emulator = await startEmulator();
  await clientOf(emulator.url).bucket('control').file('claim').save('', { resumable: false });
  const body = JSON.stringify({ metadata: { state: 'running' } });
  expect(await raced(emulator, () => halfSend(emulator.url + path, method, body))).toEqual([200, 412]);
});
