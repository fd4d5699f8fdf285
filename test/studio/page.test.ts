import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startFunction } from '../support/framework-process.ts';
import { useLocalSystem } from '../support/use.ts';

const { system } = await useLocalSystem();

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(new URL(path, system.url), { headers, redirect: 'manual' });

test.each(['/', '/studio'])('%s leads to the page, whose addresses are relative', async (path) => {
  const answer = await get(path);
  expect(answer.status).toBe(308);
  const target = new URL(answer.headers.get('location') ?? '', new URL(path, system.url));
  expect(target.pathname).toBe('/studio/');
  expect((await fetch(target)).headers.get('content-type')).toBe('text/html; charset=utf-8');
});

test('the page allows nothing from elsewhere, and nothing inline', async () => {
  const { headers } = await get('/studio/');
  expect(headers.get('content-security-policy')).toMatch(
    /^default-src 'none'; script-src 'self'; style-src 'self'; /,
  );
  expect(headers.get('content-security-policy')).not.toMatch(/unsafe|\*|https?:/);
  expect(Object.fromEntries(headers)).toMatchObject({
    'cache-control': 'no-cache',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
  });
});

test('files of the page are kept for good, and are sent as the browser takes them', async () => {
  const html = await (await get('/studio/')).text();
  const paths = [...html.matchAll(/(?:href|src)="(assets\/[^"]+)"/g)].map(([, path]) => `/studio/${path}`);
  expect(paths).toHaveLength(3);
  for (const path of paths) {
    const plain = await get(path, { 'accept-encoding': 'identity' });
    expect(plain.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(plain.headers.get('content-encoding')).toBeNull();
    const packed = await get(path, { 'accept-encoding': 'br' });
    expect(packed.headers.get('content-encoding')).toBe('br');
    expect(await packed.text()).toBe(await plain.text());
    const etag = packed.headers.get('etag') ?? '';
    const again = await get(path, { 'accept-encoding': 'br', 'if-none-match': etag });
    expect(again.status).toBe(304);
  }
  const unknown = await get('/studio/assets/main-0000000000.js');
  expect([unknown.status, unknown.headers.get('cache-control')]).toEqual([404, 'no-store']);
  expect((await get('/studio/assets/..%2Findex.html')).status).toBe(404);
});

test('all that is loaded first stays below 60 KB', () => {
  const folder = join(import.meta.dirname, '../../dist/page');
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.br') && !/antelope-|texts\.de-/.test(name),
  );
  expect(names).toHaveLength(4);
  const bytes = names.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  expect(bytes).toBeLessThan(60 * 1024);
});

test('deployed, the page is at the root; switched off, nothing is there', async () => {
  const buckets = { INPUT_BUCKET: 'input', OUTPUT_BUCKET: 'output', CONTROL_BUCKET: 'control' };
  const statusesWith = async (STUDIO: string) => {
    await using deployed = await startFunction({ target: 'studio', environment: { ...buckets, STUDIO } });
    const page = await fetch(deployed.url);
    const [path = ''] = /assets\/main[^"]+/.exec(await page.text()) ?? [];
    return [page.status, (await fetch(new URL(path, `${deployed.url}/`))).status];
  };
  expect(await statusesWith('on')).toEqual([200, 200]);
  expect(await statusesWith('off')).toEqual([404, 404]);
});
