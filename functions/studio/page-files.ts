import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { Response } from '@google-cloud/functions-framework';
import { EditError } from '../../lib/errors.ts';
import { shortName } from '../../lib/requests/schema.ts';
import type { Answer } from '../http.ts';
import type { Call, Route } from './context.ts';

export const pageRoutes: readonly Route[] = [
  { method: 'GET', path: /^\/$/, answer: sendPage },
  { method: 'GET', path: /^\/assets\/(?<asset>[\w.-]+)$/, answer: sendAsset },
];

/** Where `deploy/build-page.js` writes: seen from the sources, or from the bundle in `dist/functions/`. */
const folder = new URL(import.meta.url.endsWith('.ts') ? '../../dist/page/' : '../page/', import.meta.url);

/** Nothing from elsewhere, nothing inline, and nobody may frame it. The page makes no markup out of text. */
const contentPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const pageHeaders = {
  'Content-Security-Policy': contentPolicy,
  'Referrer-Policy': 'no-referrer',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'Cross-Origin-Opener-Policy': 'same-origin',
} as const;

const mediaTypes: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

/** Every file of the page by its name; read once, they are small. */
let files: Promise<ReadonlyMap<string, Buffer>> | undefined;

async function readFiles(): Promise<ReadonlyMap<string, Buffer>> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const paths = names.filter((entry) => entry.isFile());
  const read = paths.map(async ({ name, parentPath }) => {
    const isAsset = /assets\/?$/.test(parentPath);
    const path = isAsset ? `assets/${name}` : name;
    return [path, await readFile(new URL(path, folder))] as const;
  });
  return new Map(await Promise.all(read));
}

async function sendPage(call: Call): Promise<Answer> {
  call.response.set({ ...pageHeaders, 'Cache-Control': 'no-cache' });
  return send(call, 'index.html');
}

/** The name carries a hash: what it names never changes. */
async function sendAsset(call: Call): Promise<Answer> {
  const answer = await send(call, `assets/${call.path['asset'] ?? ''}`);
  call.response.set({ ...pageHeaders, 'Cache-Control': 'public, max-age=31536000, immutable' });
  return answer;
}

/** Compressed as the browser likes it best; that was done when the page was built. */
async function send({ request, response }: Call, path: string): Promise<Answer> {
  files ??= readFiles();
  const extension = path.slice(path.lastIndexOf('.') + 1);
  const type = mediaTypes[extension];
  const plain = (await files).get(path);
  if (plain === undefined || type === undefined) throw unknown(path, (await files).size);
  const encoding = request.acceptsEncodings('br', 'gzip');
  const suffix = encoding === 'br' ? '.br' : encoding === 'gzip' ? '.gz' : '';
  const bytes = (await files).get(`${path}${suffix}`) ?? plain;
  const etag = etagOf(bytes);
  response.set({ 'Content-Type': type, Vary: 'Accept-Encoding', ETag: etag });
  if (request.get('if-none-match')?.includes(etag)) return { send: () => void response.status(304).end() };
  if (suffix !== '') setEncoding(response, encoding);
  return { send: () => response.send(bytes) };
}

const setEncoding = (response: Response, encoding: string | false) =>
  encoding !== false && response.set('Content-Encoding', encoding);

const etagOf = (bytes: Buffer) => `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;

function unknown(path: string, count: number): EditError {
  const expected = count === 0 ? 'the page, built by npm run build' : 'a file of the page';
  return new EditError('NOT_FOUND', `Expected ${expected}, got ${shortName(path)}`);
}
