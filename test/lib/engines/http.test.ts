import { once } from 'node:events';
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../../lib/config.ts';
import { engineFor, priceOf } from '../../../lib/engines/engines.ts';
import { httpServiceSchema } from '../../../lib/engines/http-service.ts';
import { engineCodec } from '../../../lib/formats/vips/engine-codec.ts';
import { sharp } from '../../../lib/formats/vips/loaders.ts';
import { errorOf } from '../../support/error-of.ts';
import { engineOnFake, modelSettings } from '../../support/fake-model.ts';
import {
  cropBase64,
  maskBase64,
  pngBase64,
  pngShell,
  removalRequest,
} from '../../support/inpaint-request.ts';
import { listenOn } from '../../support/listening.ts';

const url = 'https://remove.example/v1';
const signal = new AbortController().signal;
const serviceWith = (changes: object) => httpServiceSchema.parse({ url, body: 'json', ...changes });
const onFake = (answers: Parameters<typeof engineOnFake>[1], changes: object = {}, secret?: string) =>
  engineOnFake('http', answers, {
    settings: { httpEngine: serviceWith(changes), ...(secret && { httpEngineSecret: secret }) },
  });

describe('a JSON body', () => {
  it('has the pictures under their names, the further fields and headers, and the secret in its header', async () => {
    const map = { image: 'input', mask: 'hole', fields: { model: 'lama', steps: 3 }, header: 'X-Key' };
    const answer = { as: 'base64', at: 'out.0.png' };
    const more = { headers: { accept: 'application/json' } };
    const { engine, seen } = await onFake(
      [{ json: { out: [{ png: `data:image/png;base64,${pngBase64()}` }] } }],
      { ...map, ...more, answer },
      'key-1',
    );
    const { outcomes, calls } = await engine.inpaint(removalRequest(), signal);
    expect(outcomes).toMatchObject([{ kind: 'image', image: { mediaType: 'image/png' } }]);
    expect(calls).toBe(1);
    expect(seen.map(({ url }) => url)).toEqual([url]);
    expect(seen[0]!.body).toEqual({ model: 'lama', steps: 3, input: cropBase64, hole: maskBase64 });
    expect(Object.fromEntries(seen[0]!.headers)).toEqual({
      accept: 'application/json',
      'content-type': 'application/json',
      'x-key': 'key-1',
    });
  });

  it('may have the pictures as data URLs', async () => {
    const { engine, seen } = await onFake([{ json: {} }], { encoding: 'data-url' });
    await errorOf(engine.inpaint(removalRequest(), signal));
    expect(seen[0]!.body).toMatchObject({ image: `data:image/png;base64,${cropBase64}` });
  });
});

describe('a multipart body', () => {
  const asked: { type: string; body: Buffer }[] = [];
  const server = createServer(async (request, response) => {
    asked.push({ type: request.headers['content-type']!, body: await buffer(request) });
    response.end(pngShell());
  });
  let local: string;
  beforeAll(async () => {
    local = await listenOn(server);
  });
  afterAll(async () => {
    server.close();
    await once(server, 'close');
  });

  it('has two PNG files of one size, the mask with the colour that removes', async () => {
    for (const removes of ['white', 'black']) {
      const httpEngine = httpServiceSchema.parse({ url: local, removes, fields: { size: 'HD' } });
      const choice = { engine: 'http', model: undefined } as const;
      const engine = await engineFor(choice, { ...modelSettings, httpEngine }, { codec: engineCodec });
      expect((await engine.inpaint(removalRequest(), signal)).outcomes[0]!.kind).toBe('image');
    }
    const forms = await Promise.all(
      asked.map(({ type, body }) =>
        new Response(Uint8Array.from(body), { headers: { 'content-type': type } }).formData(),
      ),
    );
    const meanOf = async (form: FormData) => {
      expect([...form.keys()].toSorted()).toEqual(['image', 'mask', 'size']);
      expect([form.get('size'), (form.get('image') as File).type]).toEqual(['HD', 'image/png']);
      const { channels } = await sharp(Buffer.from(await (form.get('mask') as File).arrayBuffer())).stats();
      return channels[0]!.mean;
    };
    // 16 of 64 pixels are to go.
    expect(await Promise.all(forms.map(meanOf))).toEqual([255 / 4, (255 * 3) / 4]);
  });
});

describe('an answer', () => {
  const byUrl = { answer: { as: 'url', at: 'url', hosts: ['cdn.example'] } };

  it('may name a picture, which is fetched without the secret from a listed host', async () => {
    const picture = Buffer.from(pngShell()).toString('latin1');
    const { fetch, asked } = twoStep({ url: 'https://cdn.example/a.png' }, picture);
    const settings = { ...modelSettings, httpEngine: serviceWith({ ...byUrl, header: 'x-key' }) };
    const engine = await engineFor(
      { engine: 'http', model: undefined },
      { ...settings, httpEngineSecret: 'key-1' },
      { codec: engineCodec, tuning: { fetch } },
    );
    const reply = await engine.inpaint(removalRequest(), signal);
    expect(reply).toMatchObject({ outcomes: [{ kind: 'image' }], calls: 1 });
    expect(asked).toEqual([
      { url, hasSecret: true },
      { url: 'https://cdn.example/a.png', hasSecret: false },
    ]);
  });

  it.each([
    'http://cdn.example/a.png',
    'https://other.example/a.png',
    'https://cdn.example@other.example/',
    'file:///etc/passwd',
    'a.png',
  ])('that names %s is refused, and nothing is fetched', async (address) => {
    const { fetch, asked } = twoStep({ url: address }, '');
    const engine = await engineFor(
      { engine: 'http', model: undefined },
      { ...modelSettings, httpEngine: serviceWith(byUrl) },
      { codec: engineCodec, tuning: { fetch } },
    );
    const error = await errorOf(engine.inpaint(removalRequest(), signal));
    expect(error).toMatchObject({ code: 'ENGINE_BAD_REPLY', billing: { calls: 1, mayBeBilled: true } });
    expect(asked).toHaveLength(1);
  });

  it.each([
    [{ status: 401 }, 'MODEL_PERMISSION'],
    [{ status: 302, headers: { location: 'https://other.example' } }, 'CONFIG_INVALID'],
    [{ status: 422, text: 'bad mask key-1' }, 'ENGINE_REJECTED'],
    [{ json: { __proto__: { image: 'AAAA' } } }, 'ENGINE_BAD_REPLY'],
    [{ json: { image: 'AAAA' } }, 'ENGINE_BAD_REPLY'],
  ] as const)('%j is %s, and nothing of it is repeated', async (answer, code) => {
    const { engine } = await onFake([answer], { answer: { as: 'base64', at: 'image' } });
    const error = await errorOf(engine.inpaint(removalRequest(), signal));
    expect(error.code).toBe(code);
    expect(JSON.stringify([error.message, error.details])).not.toContain('key-1');
  });
});

/** Answers JSON, then the picture. */
function twoStep(json: object, picture: string) {
  const asked: { url: string; hasSecret: boolean }[] = [];
  const fetch = async (input: string | URL | Request, init?: RequestInit) => {
    asked.push({ url: String(input), hasSecret: new Headers(init?.headers).has('x-key') });
    return asked.length === 1 ? Response.json(json) : new Response(Buffer.from(picture, 'latin1'));
  };
  return { fetch: fetch as typeof globalThis.fetch, asked };
}

describe('the settings', () => {
  it.each([
    [{}, 'HTTP_ENGINE'],
    [{ HTTP_ENGINE: '{"url":"http://remove.example"}' }, 'https'],
    [{ HTTP_ENGINE: '{"url":"https://remove.example","mask_field":"m"}' }, 'mask_field'],
    [{ HTTP_ENGINE: '{"url":"https://remove.example","header":"x-key"}' }, 'HTTP_ENGINE_SECRET'],
    [{ HTTP_ENGINE: '{"url":"https://remove.example"}', HTTP_ENGINE_SECRET: 'key-1' }, 'header'],
    [{ HTTP_ENGINE: '{"url":"https://remove.example"}', MODEL: 'lama' }, 'model'],
  ])('%j are refused', async (environment, named) => {
    const make = async () => {
      const config = readConfig({ ENGINE: 'http', ...environment });
      return engineFor({ engine: config.engine, model: config.model }, config, { codec: engineCodec });
    };
    const error = await errorOf(make());
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toContain(named);
    expect(error.message).not.toContain('key-1');
  });

  it('have the price of a call, or none is known', () => {
    const call = { frame: { width: 9, height: 9 }, samples: 2 };
    const settings = (changes: object) => ({ ...modelSettings, httpEngine: serviceWith(changes) });
    expect(priceOf('http:remove.example', settings({ usdPerCall: 0.05 }))(call)).toBe(0.1);
    expect(priceOf('http:remove.example', settings({}))(call)).toBeUndefined();
  });
});
