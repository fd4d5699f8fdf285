import { once } from 'node:events';
import { connect } from 'node:net';
import { cloudEvent, http } from '@google-cloud/functions-framework';
import { describe, expect, test } from 'vitest';
import { startFunction } from '../support/framework-process.ts';
import { serveFunction } from '../support/listening.ts';

/** Sends bytes as they are; the whole answer, when the connection is closed or nothing follows. */
async function send(url: string, ...parts: readonly (string | Uint8Array)[]): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.setTimeout(2000, () => socket.destroy());
  // The answer may come before everything was sent.
  socket.on('error', () => {});
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk;
    if (isWhole(answer)) socket.destroy();
  });
  for (const part of parts) socket.write(part);
  await once(socket, 'close');
  return answer;
}

function isWhole(answer: string): boolean {
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  const length = /content-length: (\d+)/i.exec(head)?.[1];
  return length !== undefined && Buffer.byteLength(body) >= Number(length);
}

/** Status and code of an answer that must be a problem. */
function problemIn(answer: string): string {
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  expect(head).toMatch(/content-type: application\/problem\+json/i);
  const { status, code, error } = JSON.parse(body) as {
    status: number;
    code: string;
    error: { code: string };
  };
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(error.code).toBe(code);
  return `${status} ${code}`;
}

const request = (head: string, body: string | Uint8Array = '', to = '/') => {
  const length = /transfer-encoding/i.test(head) ? '' : `content-length: ${Buffer.byteLength(body)}\r\n`;
  return Buffer.concat([
    Buffer.from(`POST ${to} HTTP/1.1\r\nhost: a\r\n${head}${length}\r\n`),
    Buffer.from(body),
  ]);
};
const json = 'content-type: application/json\r\n';
const secret = 'SECRET';

test('answers what no function sees as problems, and prints nothing of a body (G25)', async () => {
  await using running = await startFunction({ target: 'generate' });
  const deep = `{"prompt":"${secret}","labels":${'['.repeat(40)}${']'.repeat(40)}}`;
  const cases: readonly (readonly [Buffer, string])[] = [
    [request(json, `{"prompt":"${secret}",}`), '400 REQUEST_INVALID'],
    [request(json, deep), '400 REQUEST_INVALID'],
    [
      request('content-type: application/json; charset=x\r\n', `{"prompt":"${secret}"}`),
      '415 ENCODING_UNSUPPORTED',
    ],
    [request(`${json}content-encoding: gzip\r\n`, secret), '415 ENCODING_UNSUPPORTED'],
    [request(json, `{"prompt":"${secret}${'x'.repeat(1024 * 1024)}"}`), '413 REQUEST_TOO_LARGE'],
    // Refused before the body comes.
    [Buffer.from('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 99999999\r\n\r\n'), '413 REQUEST_TOO_LARGE'],
    [request(json, '{}', `/${'x'.repeat(20_000)}`), '431 HEADERS_TOO_LARGE'],
    [request(json, '{}', '/%E0%A4%A'), '400 REQUEST_INVALID'],
    [request(json, '{}', '/favicon.ico'), '404 NOT_FOUND'],
    [Buffer.from(`${secret}\r\n\r\n`), '400 REQUEST_INVALID'],
  ];
  for (const [bytes, expected] of cases) expect(problemIn(await send(running.url, bytes))).toBe(expected);
  const lines = running.lines();
  expect(lines.join('\n')).not.toContain(secret);
  // Each is a line of the log, none an error.
  for (const line of lines) expect(JSON.parse(line)).toMatchObject({ severity: 'WARNING' });
});

test('answers a form that ends within a file with 400, and goes on', async () => {
  await using running = await startFunction({ target: 'edit' });
  const part = 'Content-Disposition: form-data; name="image"; filename="a.jpg"\r\nContent-Type: image/jpeg';
  const cut = request(
    'content-type: multipart/form-data; boundary=X\r\n',
    `--X\r\n${part}\r\n\r\nhalf a pic`,
  );
  for (let i = 0; i < 2; i++) expect(problemIn(await send(running.url, cut))).toBe('400 REQUEST_INVALID');
  // The connection ends within the body.
  const half = connect(Number(new URL(running.url).port), '127.0.0.1');
  half.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-type: text/plain\r\ncontent-length: 99\r\n\r\nhalf');
  await once(half, 'connect');
  half.end();
  await once(half.resume(), 'close');
  expect(problemIn(await send(running.url, cut))).toBe('400 REQUEST_INVALID');
  for (const line of running.lines()) expect(JSON.parse(line)).toMatchObject({ severity: 'WARNING' });
});

describe('of a request that is never whole', () => {
  http('gated', (_, response) => void response.send('done'));

  test('ends one whose body stalls', async () => {
    const url = await serveFunction('gated', { idleBodyMs: 50 });
    const begun = 'POST / HTTP/1.1\r\nhost: a\r\ncontent-type: text/plain\r\ncontent-length: 9\r\n\r\nhalf';
    expect(problemIn(await send(url, begun))).toBe('408 REQUEST_TIMEOUT');
  });

  test('ends one whose body grows without end', async () => {
    const url = await serveFunction('gated', { maxBodyBytes: 1000 });
    const head = 'content-type: text/plain\r\ntransfer-encoding: chunked\r\n';
    const chunk = `3e8\r\n${'x'.repeat(1000)}\r\n`;
    expect(problemIn(await send(url, request(head, chunk + chunk)))).toBe('413 REQUEST_TOO_LARGE');
    expect(await send(url, request(head, `${chunk}0\r\n\r\n`))).toMatch(/^HTTP\/1.1 200 [\s\S]*done$/);
  });
});

test('answers methods that a function of events does not take', async () => {
  cloudEvent('gatedEvents', () => {});
  const response = await fetch(await serveFunction('gatedEvents'));
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  expect(await response.json()).toMatchObject({ code: 'METHOD_NOT_ALLOWED' });
});
