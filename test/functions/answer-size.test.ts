import { beforeAll, expect, test } from 'vitest';
import { registerFunctions } from '../../functions/register.ts';
import { readConfig } from '../../lib/config.ts';
import type { EditResult } from '../../lib/edit.ts';
import { wire } from '../../lib/wiring.ts';
import { silentLog } from '../support/job-world.ts';
import { serveFunction } from '../support/listening.ts';

/** The largest answer that Cloud Run passes on, bytes. */
const room = 32 * 1024 * 1024;
const mediaType = 'image/png';
const bytesOf = (length: number) => new Uint8Array(length);

/** Size of every output, and how often an edit was made. */
let outputBytes = 0;
let calls = 0;
const edit = async (): Promise<EditResult> => {
  calls++;
  const output = { bytes: bytesOf(outputBytes), mediaType, extension: 'png', proof: {} };
  const report = { engine: 'some', warnings: [], droppedMetadata: [] };
  return { outputs: [output], report } as unknown as EditResult;
};
const never = async (): Promise<never> => {
  throw new Error('nobody asks');
};
const generate = async () => ({
  engine: 'some',
  calls: 1,
  warnings: [],
  enhancedPrompts: [],
  outcomes: [{ kind: 'image' as const, image: { bytes: bytesOf(outputBytes), mediaType } }],
});

const urls = new Map<string, string>();
const serve = async (name: string, environment: Record<string, string>, as: string) => {
  const wiring = wire(readConfig(environment), silentLog);
  registerFunctions({
    ...wiring,
    edit: async () => edit,
    generate: async () => ({ make: generate, plan: never }),
  });
  urls.set(as, await serveFunction(name));
};
beforeAll(async () => {
  await serve('edit', {}, 'elsewhere');
  await serve('edit', { K_SERVICE: 'edit' }, 'edit');
  await serve('generate', { K_SERVICE: 'generate' }, 'generate');
});

async function ask(as: string, accept: string, body: FormData | string) {
  calls = 0;
  const type: Record<string, string> = typeof body === 'string' ? { 'content-type': 'application/json' } : {};
  const init = { method: 'POST', headers: { accept, ...type }, body };
  const response = await fetch(urls.get(as) ?? '', init);
  const answer = Buffer.from(await response.arrayBuffer());
  return response.ok
    ? answer.length
    : (JSON.parse(answer.toString()) as { error: { code: string } }).error.code;
}

/** Bytes that begin as a JPEG does. */
function form(sizeBytes: number, fields: Readonly<Record<string, string>> = {}): FormData {
  const image = bytesOf(sizeBytes);
  image.set([0xff, 0xd8]);
  const body = new FormData();
  body.set('image', new Blob([image]), 'f');
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  return body;
}

test('refuses an edit that is too large for Cloud Run, and sends one that fits', async () => {
  outputBytes = room + 1;
  expect(await ask('edit', mediaType, form(9))).toBe('ANSWER_TOO_LARGE');
  outputBytes = room;
  expect(await ask('edit', mediaType, form(9))).toBe(room);
  expect(await ask('edit', 'application/json', form(9))).toBe('ANSWER_TOO_LARGE');
  expect(calls).toBe(1);
});

test('sends answers of any size elsewhere', async () => {
  outputBytes = room + 1;
  expect(await ask('elsewhere', mediaType, form(9))).toBe(room + 1);
});

test('refuses a JPEG whose candidates cannot fit before a model is asked', async () => {
  outputBytes = 9;
  const third = form(room / 4, { samples: '3', prompt: 'a boat' });
  expect(await ask('edit', 'application/json', third)).toBe('ANSWER_TOO_LARGE');
  expect(calls).toBe(0);
  for (const fields of [{ samples: '2' }, { samples: '3', outputFormat: 'webp' }]) {
    expect(await ask('edit', 'application/json', form(room / 4, fields))).toBeTypeOf('number');
    expect(calls).toBe(1);
  }
});

test('refuses generated pictures that are too large', async () => {
  outputBytes = (room / 4) * 3;
  const body = JSON.stringify({ prompt: 'a boat' });
  expect(await ask('generate', 'application/json', body)).toBe('ANSWER_TOO_LARGE');
  expect(await ask('generate', mediaType, body)).toBe(outputBytes);
});
