import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { createServer } from 'node:http';
import { http } from '@google-cloud/functions-framework';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { admitCaller } from '../../functions/caller.ts';
import { gateFor } from '../../functions/register.ts';
import { readConfig } from '../../lib/config.ts';
import { listenOn, serveFunction } from '../support/listening.ts';

const audience = 'https://edit.example.com';
const own = generateKeyPairSync('rsa', { modulusLength: 2048 });
const foreign = generateKeyPairSync('rsa', { modulusLength: 2048 });
const errorsUrl = 'https://example.com/errors';
const hourS = 3600;

/** The keys that Google publishes, each by its id. */
let asked = 0;
let hasKeys = true;
const certs = createServer((_, response) => {
  asked++;
  response.statusCode = hasKeys ? 200 : 404;
  response.setHeader('cache-control', 'max-age=3600');
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ one: own.publicKey.export({ type: 'spki', format: 'pem' }) }));
});
let certsUrl: string;
let url: string;
let calls = 0;
beforeAll(async () => {
  certsUrl = await listenOn(certs);
  http('probe', (_, response) => {
    calls++;
    response.send('in');
  });
  url = await serveFunction('probe', {
    errorsUrl,
    admit: admitCaller({ audience, callers: ['a@example.com'], certsUrl }),
  });
});
afterAll(() => void certs.close());

function token(claims: object = {}, key: KeyObject = own.privateKey): string {
  const nowS = Math.floor(Date.now() / 1000);
  const times = { iat: nowS - 10, exp: nowS + hourS };
  const who = { iss: 'https://accounts.google.com', email: 'a@example.com', email_verified: true };
  const parts = [
    { alg: 'RS256', kid: 'one', typ: 'JWT' },
    { aud: audience, ...who, ...times, ...claims },
  ];
  const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${text}.${sign('RSA-SHA256', Buffer.from(text), key).toString('base64url')}`;
}

async function answerTo(authorization: string | undefined, to = url) {
  const headers = authorization === undefined ? {} : { authorization };
  const response = await fetch(to, { method: 'POST', headers, body: 'x'.repeat(100_000) });
  const text = await response.text();
  return { status: response.status, text, challenge: response.headers.get('www-authenticate') };
}

test('lets in whom it knows, and asks for the keys once', async () => {
  for (let call = 0; call < 2; call++) {
    expect(await answerTo(`Bearer ${token()}`)).toMatchObject({ status: 200, text: 'in' });
  }
  expect(asked).toBe(1);
});

const nowS = Math.floor(Date.now() / 1000);

describe('turns away', () => {
  test.each([
    ['nobody', undefined],
    ['another scheme', 'Basic YTpi'],
    ['what is no token', 'Bearer nonsense'],
    ['a token of three parts that is none', 'Bearer a.b.c'],
    ['a token without a signature', `Bearer ${token().split('.').slice(0, 2).join('.')}.`],
    ['another audience', `Bearer ${token({ aud: 'https://other.example.com' })}`],
    ['a token that has expired', `Bearer ${token({ iat: nowS - 2 * hourS, exp: nowS - hourS })}`],
    ['another issuer', `Bearer ${token({ iss: 'https://example.com' })}`],
    ['another key', `Bearer ${token({}, foreign.privateKey)}`],
  ])('%s', async (_, authorization) => {
    const before = calls;
    const { status, text, challenge } = await answerTo(authorization);
    expect([status, challenge, calls]).toEqual([401, 'Bearer', before]);
    expect(JSON.parse(text)).toMatchObject({ type: `${errorsUrl}#unauthenticated`, code: 'UNAUTHENTICATED' });
    expect(text).not.toContain(authorization?.split(' ')[1] ?? 'Bearer x');
  });

  test.each([
    ['another account', { email: 'b@example.com' }],
    ['an account that is not proved', { email_verified: false }],
    ['a token without an account', { email: undefined }],
  ])('%s', async (_, claims) => {
    const { status, text } = await answerTo(`Bearer ${token(claims)}`);
    expect([status, JSON.parse(text).code]).toEqual([403, 'CALLER_NOT_ALLOWED']);
  });

  test('everybody while the keys cannot be read', async () => {
    hasKeys = false;
    const admit = admitCaller({ audience, callers: [], certsUrl });
    await expect(admit(`Bearer ${token()}`)).rejects.toMatchObject({ code: 'KEYS_UNAVAILABLE' });
    hasKeys = true;
    await expect(admit(`Bearer ${token({ email: 'any@example.com' })}`)).resolves.toBeUndefined();
  });
});

test('stands before the functions that people call, where it is set', () => {
  const config = readConfig({ REQUIRED_AUDIENCE: audience });
  const names = ['edit', 'mask', 'generate', 'upscale', 'studio', 'onUpload', 'runJob', 'sweep'] as const;
  const guarded = names.filter((name) => gateFor(name, config).admit !== undefined);
  expect(guarded).toEqual(['edit', 'mask', 'generate', 'upscale', 'studio']);
  expect(gateFor('edit', readConfig({})).admit).toBeUndefined();
});
