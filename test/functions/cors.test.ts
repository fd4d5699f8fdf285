import { expect, test } from 'vitest';
import { readConfig } from '../../lib/config.ts';
import { useLocalSystem } from '../support/use.ts';

const page = 'https://page.example.com';
const environment = { ALLOWED_ORIGINS: `${page},http://localhost:5173` };
const { system } = await useLocalSystem({ environment });

const asks = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' };
const ask = (name: string, origin: string) =>
  fetch(`${system.url}/${name}`, { method: 'OPTIONS', headers: { ...asks, origin } });
// What a browser adds cannot be set by fetch: the header is that of a proxy.
const send = (name: string, origin: string) => {
  const headers = { origin, 'sec-fetch-site': 'cross-site', 'content-type': 'application/json' };
  return fetch(`${system.url}/${name}`, { method: 'POST', headers, body: '{}' });
};
const opened = ({ headers }: Response) => headers.get('access-control-allow-origin');

test.each(['edit', 'mask', 'generate', 'upscale'])(
  '%s opens to the pages that are named, errors too',
  async (name) => {
    const may = await ask(name, page);
    expect([may.status, opened(may), may.headers.get('vary')]).toEqual([204, page, 'Origin']);
    const answer = await send(name, page);
    expect([answer.status, opened(answer)]).toEqual([400, page]);
    expect(await answer.json()).toMatchObject({ code: 'REQUEST_INVALID' });
    const exposed = answer.headers.get('access-control-expose-headers')?.split(', ');
    expect(exposed).toEqual(expect.arrayContaining(['Inpaint-Finder', 'Inpaint-Mask-Labels', 'Retry-After']));
  },
);

test.each(['https://other.example.com', 'https://page.example.com.evil.org', 'null'])(
  'says nothing to %s',
  async (origin) => {
    const [may, answer] = [await ask('edit', origin), await send('edit', origin)];
    expect([may.status, opened(may), answer.status, opened(answer)]).toEqual([405, null, 403, null]);
  },
);

test('the studio and the functions of events open to nobody', async () => {
  for (const name of ['studio/jobs', 'sweep']) {
    expect(opened(await ask(name, page))).toBeNull();
    const answer = await send(name, page);
    expect([answer.status, opened(answer)]).toEqual([403, null]);
  }
});

test('an origin is no address', () => {
  for (const wrong of ['https://page.example.com/', 'page.example.com', '*'])
    expect(() => readConfig({ ALLOWED_ORIGINS: wrong })).toThrow('ALLOWED_ORIGINS');
});
