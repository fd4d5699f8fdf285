import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ModelEmulator } from '../../../../deploy/local/model/emulator.ts';
import { manualClock } from '../../../support/manual-clock.ts';
import {
  type Answer,
  decodeText,
  gemini,
  geminiBody,
  imagen3,
  imagen3Body,
  type Json,
  meanDifference,
  methodUrl,
  post,
  startEmulator,
  wave,
} from './support.ts';

let emulator: ModelEmulator;
const clock = manualClock(0);
beforeAll(async () => {
  emulator = await startEmulator({ clock });
});
afterEach(() => emulator.reset());
afterAll(() => emulator.close());

const ask = (emulate: string, change: (body: Json) => unknown = () => {}): Promise<Answer> => {
  const body = imagen3Body();
  change(body);
  return post(methodUrl(emulator.url, imagen3), body, { 'x-emulate': emulate });
};
const askGemini = (emulate: string): Promise<Answer> =>
  post(methodUrl(emulator.url, gemini), geminiBody(), { 'x-emulate': emulate });
const bytesOf = ({ json }: Answer) => Buffer.from(json.predictions[0].bytesBase64Encoded, 'base64');
const pictureOf = ({ json }: Answer) => decodeText(json.predictions[0].bytesBase64Encoded);
const plain = 'exact, unedited';
const everywhere = () => true;

describe('pictures', () => {
  it('come back as they were sent', async () => {
    expect(meanDifference(await pictureOf(await ask(plain)), wave(), everywhere)).toBe(0);
  });

  it('shift by whole pixels, right and down', async () => {
    const moved = await pictureOf(await ask(`${plain}, shift=3`));
    const { width, data } = wave();
    for (const [x, y] of [
      [10, 10],
      [40, 30],
    ] as const) {
      const from = ((y - 3) * width + x - 3) * 3;
      expect(moved.data[(y * width + x) * 3]).toBe(data[from]);
    }
  });

  it('zoom around the centre', async () => {
    const zoomed = await pictureOf(await ask(`${plain}, zoom=10`));
    const near = meanDifference(zoomed, wave(), (x, y) => Math.abs(x - 31) < 3 && Math.abs(y - 23) < 3);
    const far = meanDifference(zoomed, wave(), (x) => x < 6);
    expect(far).toBeGreaterThan(near * 3);
  });

  it('brighten by levels', async () => {
    const lighter = await pictureOf(await ask(`${plain}, brighten=10`));
    expect(lighter.data[0]! - wave().data[0]!).toBe(10);
  });

  it('blur', async () => {
    const soft = await pictureOf(await ask(`${plain}, blur=3`));
    const contrast = (data: Uint8Array) => Math.max(...data) - Math.min(...data);
    expect(contrast(soft.data)).toBeLessThan(contrast(wave().data));
  });

  it('come in another size', async () => {
    const other = await pictureOf(await ask('size=50x40'));
    expect([other.width, other.height]).toEqual([50, 40]);
  });

  it('come as palette PNG', async () => {
    expect((await sharp(bytesOf(await ask('palette'))).metadata()).isPalette).toBe(true);
  });

  it('come as JPEG under the name of PNG', async () => {
    const answer = await ask('jpeg');
    expect(answer.json.predictions[0].mimeType).toBe('image/png');
    expect((await sharp(bytesOf(answer)).metadata()).format).toBe('jpeg');
  });

  it('come cut in half', async () => {
    await expect(
      sharp(bytesOf(await ask('truncated')))
        .raw()
        .toBuffer(),
    ).rejects.toThrow();
  });

  it('combine', async () => {
    const both = await ask(`${plain}, size=32x24, brighten=5, jpeg`);
    expect(await sharp(bytesOf(both)).metadata()).toMatchObject({ format: 'jpeg', width: 32, height: 24 });
  });
});

describe('filters', () => {
  const four = (body: Json) => Object.assign(body.parameters, { sampleCount: 4 });

  it('take all, with one reason', async () => {
    const { status, json } = await ask('filtered=all', four);
    expect(status).toBe(200);
    expect(json.predictions).toEqual([
      { raiFilteredReason: expect.stringMatching(/Support codes: 39322892/) },
    ]);
  });

  it('take some, with one reason at the end', async () => {
    const { json } = await ask('filtered=3', four);
    expect(json.predictions.map((item: Json) => Object.keys(item)[0])).toEqual([
      'mimeType',
      'raiFilteredReason',
    ]);
  });

  it('take some without a word where no reason is wanted', async () => {
    const { json } = await ask('filtered=3', (body) => {
      four(body);
      body.parameters.includeRaiReason = false;
    });
    expect(json.predictions).toHaveLength(1);
  });

  it('block a prompt, which only the message tells', async () => {
    const { json } = await ask('refusal');
    expect(json.error).toMatchObject({ code: 400, status: 'INVALID_ARGUMENT' });
    expect(json.error.message).toMatch(/Responsible AI/);
  });

  it('leave nothing at all', async () => {
    expect((await ask('empty')).json).toEqual({});
  });
});

describe('Gemini', () => {
  it('refuses in words', async () => {
    const { json } = await askGemini('refusal');
    expect(json.candidates[0]).toMatchObject({ finishReason: 'STOP', content: { parts: [{}] } });
  });

  it('stops for a reason, without content', async () => {
    const { json } = await askGemini('finishReason=NO_IMAGE');
    expect(json.candidates).toEqual([{ finishReason: 'NO_IMAGE', index: 0 }]);
  });

  it('blocks a prompt, without candidates', async () => {
    const { json } = await askGemini('blockReason=PROHIBITED_CONTENT');
    expect(json.promptFeedback).toEqual({ blockReason: 'PROHIBITED_CONTENT' });
    expect(json.candidates).toBeUndefined();
  });

  it('shows drafts before the picture, or drafts only', async () => {
    const kinds = ({ json }: Answer) =>
      json.candidates[0].content.parts
        .filter((part: Json) => part.inlineData)
        .map((part: Json) => (part.thought ? 'draft' : 'picture'));
    expect(kinds(await askGemini('thoughts=2'))).toEqual(['draft', 'draft', 'picture']);
    expect(kinds(await askGemini('draftsOnly'))).toEqual(['draft']);
  });
});

describe('the connection', () => {
  it.each([
    [400, 'INVALID_ARGUMENT'],
    [401, 'UNAUTHENTICATED'],
    [403, 'PERMISSION_DENIED'],
    [404, 'NOT_FOUND'],
    [429, 'RESOURCE_EXHAUSTED'],
    [500, 'INTERNAL'],
    [503, 'UNAVAILABLE'],
  ])('answers %i as %s', async (code, status) => {
    const answer = await ask(`status=${code}, retryAfter=7`);
    expect(answer.status).toBe(code);
    expect(answer.json.error).toMatchObject({ code, status });
    expect(answer.headers.get('retry-after')).toBe('7');
  });

  it('answers what is no JSON', async () => {
    expect((await ask('garbage')).json).toBeTypeOf('string');
  });

  it('breaks', async () => {
    await expect(ask('reset')).rejects.toThrow();
  });

  it('hangs until the client goes away', async () => {
    const client = new AbortController();
    const hanging = fetch(methodUrl(emulator.url, imagen3), {
      method: 'POST',
      headers: { 'x-emulate': 'hang' },
      body: JSON.stringify(imagen3Body()),
      signal: client.signal,
    });
    while (emulator.calls().length === 0) await new Promise(setImmediate);
    client.abort();
    await expect(hanging).rejects.toThrow();
    expect(emulator.calls()[0]?.status).toBe(0);
  });

  it('is slow by its clock', async () => {
    const answer = ask('slow=60000');
    while (clock.waiting() === 0) await new Promise(setImmediate);
    clock.advance(60_000);
    expect((await answer).status).toBe(200);
  });
});

describe('switches', () => {
  const switchTo = (body: unknown) => post(`${emulator.url}/_control/behaviour`, body);

  it('hold for the next calls, before the standing behaviour', async () => {
    await switchTo({ behaviour: { status: 503 } });
    await switchTo({ behaviour: { status: 429 }, times: 2 });
    const statuses = [];
    for (let n = 0; n < 4; n++) statuses.push((await ask('')).status);
    expect(statuses).toEqual([429, 429, 503, 503]);
    await fetch(`${emulator.url}/_control/behaviour`, { method: 'DELETE' });
    expect((await ask('')).status).toBe(200);
  });

  it('come by query too', async () => {
    const url = `${methodUrl(emulator.url, imagen3)}?emulate=status%3D500`;
    expect((await post(url, imagen3Body())).status).toBe(500);
  });

  it.each(['shift=far', 'unknown', 'status=418', 'size=0x0'])('refuse %s', async (emulate) => {
    expect((await ask(emulate)).status).toBe(400);
  });

  it('refuse a malformed request before they take effect', async () => {
    const { status } = await ask('status=503', (body) => delete body.instances);
    expect(status).toBe(400);
  });

  it('show the calls, without prompt or picture', async () => {
    await post(
      methodUrl(emulator.url, imagen3),
      { ...imagen3Body() },
      { authorization: 'Bearer secret-token' },
    );
    await ask('status=429', (body) => Object.assign(body.instances[0], { prompt: 'secret words' }));
    const { calls } = (await (await fetch(`${emulator.url}/_control/calls`)).json()) as Json;
    expect(calls).toMatchObject([
      { method: 'predict', model: imagen3, location: 'us-central1', status: 200, samples: 1, hasToken: true },
      { status: 429, behaviour: { status: 429 }, hasToken: false },
    ]);
    expect(calls[0].images).toMatchObject([{ width: 64, height: 48, format: 'png' }, { width: 64 }]);
    expect(JSON.stringify(calls)).not.toMatch(/secret/);
    await fetch(`${emulator.url}/_control/calls`, { method: 'DELETE' });
    expect(emulator.calls()).toEqual([]);
  });

  it('are not for pages of the web', async () => {
    const { request } = await import('node:http');
    const status = await new Promise((resolve, reject) => {
      const { port } = new URL(emulator.url);
      const options = { port, host: '127.0.0.1', path: '/_control/calls', headers: { host: 'evil.test' } };
      request(options, (response) => resolve(response.statusCode))
        .on('error', reject)
        .end();
    });
    expect(status).toBe(403);
  });
});
