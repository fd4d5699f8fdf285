import { afterAll, describe, expect, it } from 'vitest';
import type { BatchEnd } from '../../../../deploy/local/model/batch.ts';
import { type Batch, batchClient } from '../../../../lib/engines/batch/client.ts';
import { batchAnswers, batchLine, type KeyedAnswer } from '../../../../lib/engines/batch/lines.ts';
import type { BatchSide, InpaintRequest } from '../../../../lib/engines/engine.ts';
import { engineFor } from '../../../../lib/engines/engines.ts';
import { engineCodec } from '../../../../lib/formats/vips/engine-codec.ts';
import aiplatform from '../../../contract/schema/aiplatform.json' with { type: 'json' };
import { type ServiceSchema, walk } from '../../../contract/schema/walk.ts';
import { request, signal } from '../../../contract/support.ts';
import { openEmulator, workerStore } from '../../../support/emulator-world.ts';
import { errorOf } from '../../../support/error-of.ts';
import { fakeClock, fakeModel, modelSettings } from '../../../support/fake-model.ts';
import { useFaultyModel } from '../../../support/use.ts';

const model = 'gemini-nano-banana-2.1';
let end: BatchEnd = 'SUCCEEDED';
const storage = await openEmulator();
const store = workerStore(storage, 'batch');
const emulator = await useFaultyModel({ storageBaseUrl: storage.url, batchEnd: () => end });
afterAll(() => storage[Symbol.asyncDispose]());

const vertex = () => ({ project: 'p', location: 'global', baseUrl: emulator.url, clock: fakeClock().clock });

async function side(): Promise<BatchSide> {
  const settings = { ...modelSettings, modelBaseUrl: emulator.url };
  const { batch } = await engineFor({ engine: 'gemini', model }, settings, { codec: engineCodec });
  return batch ?? expect.unreachable('Expected a side for batches');
}

/** Puts an object into the control bucket. */
async function put(name: string, bytes: Uint8Array): Promise<string> {
  await store.create({ bucket: 'control', name }, bytes, { contentType: 'application/octet-stream' });
  return `gs://control/${name}`;
}

/** Writes the lines of requests, one call each, and submits them. */
async function submitted(name: string, requests: Readonly<Record<string, InpaintRequest>>) {
  const gemini = await side();
  const keep = (at: string, { bytes }: { readonly bytes: Uint8Array }) => put(`batch/${name}/${at}`, bytes);
  const lines: string[] = [];
  for (const [key, asked] of Object.entries(requests)) {
    lines.push(await batchLine(key, await gemini.bodyOf(asked), keep));
  }
  const source = await put(`batch/${name}/lines.jsonl`, new TextEncoder().encode(lines.join('')));
  const client = batchClient(vertex());
  const order = { name, model: gemini.model, source, target: `gs://control/batch/${name}/` };
  return { client, lines, batch: await client.submit(order, signal) };
}

async function ended(client: ReturnType<typeof batchClient>, { id }: Batch): Promise<Batch> {
  for (;;) {
    const batch = await client.get(id, signal);
    if (batch.state !== 'waiting') return batch;
  }
}

/** The answers of a batch, read in chunks of a size that cuts lines. */
async function answersOf({ folder }: Batch): Promise<Map<string, KeyedAnswer['answer']>> {
  const name = `${folder?.slice('gs://control/'.length)}/predictions.jsonl`;
  const info = (await store.stat({ bucket: 'control', name })) ?? expect.unreachable('Expected results');
  const bytes = (await store.read(info, { maxBytes: 1e8 })) ?? new Uint8Array();
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += 10_007) yield bytes.subarray(at, at + 10_007);
  }
  const answers = new Map<string, KeyedAnswer['answer']>();
  for await (const { key, answer } of batchAnswers(chunks())) answers.set(key, answer);
  return answers;
}

describe('a batch', () => {
  it('answers each line by its key, at half the price', async () => {
    end = 'SUCCEEDED';
    const bad = request({ personGeneration: 'allow_all', labels: { Bad: 'x' } });
    const { client, lines, batch } = await submitted('good', { a: request(), b: request(), c: bad });
    expect(batch.state).toBe('waiting');
    for (const line of lines) {
      expect(line).not.toContain('inlineData');
      const { request: body } = JSON.parse(line) as { request: unknown };
      expect(walk(aiplatform as ServiceSchema, 'GenerateContentRequest', body)).toEqual([]);
    }
    const done = await ended(client, batch);
    expect(done.state).toBe('done');
    const answers = await answersOf(done);
    expect([...answers.keys()].sort()).toEqual(['a', 'b', 'c']);
    const gemini = await side();
    const [a, c] = [answers.get('a')!, answers.get('c')!];
    const reply = gemini.replyOf(request(), [a]);
    expect(reply).toMatchObject({ calls: 1, outcomes: [{ kind: 'image' }] });
    expect(reply.usage?.usd).toBeGreaterThan(0.0168);
    expect(reply.usage?.usd).toBeLessThan(0.02);
    expect(() => gemini.replyOf(bad, [c])).toThrow(expect.objectContaining({ kind: expect.any(String) }));
    expect(gemini.replyOf(bad, [c, a]).warnings[0]).toMatch(/1 of 2 candidates are missing/);
  });

  it('is found by its name, so that nobody submits it twice', async () => {
    end = 'SUCCEEDED';
    const { client, batch } = await submitted('named', { a: request() });
    expect(await client.find('named', signal)).toEqual(batch);
    expect(await client.find('other', signal)).toBeUndefined();
  });

  it.each([
    ['EXPIRED', 'expired', ['a']],
    ['FAILED', 'failed', undefined],
  ] as const)('that ends as %s has answers to some lines, or none', async (state, told, keys) => {
    end = state;
    const { client, batch } = await submitted(state, { a: request(), b: request() });
    const last = await ended(client, batch);
    expect(last.state).toBe(told);
    if (keys === undefined) expect(last).toMatchObject({ folder: undefined, said: expect.any(String) });
    else expect([...(await answersOf(last)).keys()]).toEqual(keys);
  });

  it('is a failure when it is gone', async () => {
    const client = batchClient(vertex());
    expect(await client.get('999', signal)).toMatchObject({ state: 'failed', folder: undefined });
  });

  it('is a fault of the setup for a model that has none, and is submitted once only', async () => {
    const order = { name: 'n', model: 'gemini-3.1-flash-image', source: 'gs://b/o', target: 'gs://b/' };
    const refused = await errorOf(batchClient(vertex()).submit(order, signal));
    expect(refused).toMatchObject({ code: 'MODEL_INCOMPATIBLE', kind: 'setup' });
    const fake = fakeModel({ status: 503 });
    const client = batchClient({ ...vertex(), fetch: fake.fetch });
    expect(await errorOf(client.submit(order, signal))).toMatchObject({ code: 'MODEL_UNAVAILABLE' });
    expect(fake.seen).toHaveLength(1);
    expect(walk(aiplatform as ServiceSchema, 'BatchPredictionJob', fake.seen[0]?.body)).toEqual([]);
  });
});

describe('answers of a file', () => {
  const read = async (text: string) => {
    async function* file() {
      yield new TextEncoder().encode(text);
    }
    const found: KeyedAnswer[] = [];
    for await (const one of batchAnswers(file())) found.push(one);
    return found;
  };
  const line = (status: unknown, uri = 'gs://b/x/k1/0-1.png') =>
    JSON.stringify({
      status,
      request: { contents: [{ parts: [{ fileData: { fileUri: uri } }] }] },
      response: {},
    });

  it('passes over what is no answer to a line of ours, and needs no line feed at the end', async () => {
    const text = `nonsense\n${line('', 'gs://b/else.png')}\n{}\n\n${line('')}`;
    expect(await read(text)).toEqual([{ key: 'k1', answer: { response: {} } }]);
  });

  it.each([
    ['Bad Request: {"error": {"code": 429, "message": "quota"}}', 'MODEL_QUOTA'],
    ['{"code": 8, "message": "quota"}', 'MODEL_QUOTA'],
    [{ code: 14, message: 'gone' }, 'MODEL_UNAVAILABLE'],
    ['Bad Request: {"error": {"code": 400, "message": "Unable to process input image"}}', 'ENGINE_REJECTED'],
    ['something else', 'ENGINE_REJECTED'],
  ])('reads the fault %j as %s', async (status, code) => {
    const [found] = await read(line(status));
    const gemini = await side();
    expect(() => gemini.replyOf(request(), [found!.answer])).toThrow(expect.objectContaining({ code }));
  });
});
