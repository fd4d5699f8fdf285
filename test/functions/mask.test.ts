import { beforeAll, describe, expect, it, test } from 'vitest';
import { registerFunctions } from '../../functions/register.ts';
import { readConfig } from '../../lib/config.ts';
import { decodeAnswer } from '../../lib/formats/vips/answer.ts';
import { wire } from '../../lib/wiring.ts';
import { figurePicture } from '../support/figure.ts';
import { serveFunction } from '../support/listening.ts';
import { boxMask, maskPng, pipelineOf } from '../support/pictures.ts';
import { useFaultyModel } from '../support/use.ts';

const size = { width: 160, height: 120 };
const image = Uint8Array.from(await pipelineOf(figurePicture(160, 120)).png().toBuffer());
const stroke = { left: 70, top: 40, width: 20, height: 4 };
const scribble = Uint8Array.from(await maskPng(boxMask(size, stroke)));

const lines: string[] = [];
const log = (message: string, fields?: object) => void lines.push(`${message} ${JSON.stringify(fields)}`);
const model = await useFaultyModel();
let url: string;
beforeAll(async () => {
  const environment = { MODEL_BASE_URL: model.url, ALLOWED_MODELS: 'image-segmentation-001' };
  registerFunctions(wire(readConfig(environment), { info: log, warn: log, error: log }));
  url = await serveFunction('mask');
});

function ask(parts: Readonly<Record<string, Uint8Array<ArrayBuffer> | string>>, accept = '*/*') {
  const body = new FormData();
  for (const [name, part] of Object.entries(parts)) {
    if (typeof part === 'string') body.set(name, part);
    else body.set(name, new Blob([part]), 'beach.png');
  }
  return fetch(url, { method: 'POST', body, headers: { accept } });
}

test('answers a photo with its mask as a PNG of the same size, and tells who found it', async () => {
  const response = await ask({ image, maskMode: 'semantic', maskClasses: 'person, bicycle' });
  expect(response.status).toBe(200);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'image/png',
    'inpaint-finder': 'segmentation:image-segmentation-001',
    'inpaint-mask-labels': 'person 0.93, bicycle 0.93',
    'inpaint-mask-coverage': expect.stringMatching(/^0\.\d+$/),
    'content-disposition': `inline; filename="beach.mask.png"; filename*=UTF-8''beach.mask.png`,
  });
  const mask = await decodeAnswer(new Uint8Array(await response.arrayBuffer()));
  expect([mask.width, mask.height]).toEqual([160, 120]);
});

test('answers JSON on request, with labels and scores', async () => {
  const parts = { image, maskMode: 'prompt', maskPrompt: 'my neighbour' };
  const answer = (await (await ask(parts, 'application/json')).json()) as {
    mask: { bytesBase64Encoded: string };
    report: object;
  };
  expect(Buffer.from(answer.mask.bytesBase64Encoded, 'base64').subarray(1, 4).toString()).toBe('PNG');
  expect(answer.report).toMatchObject({
    mask: { finder: 'segmentation:image-segmentation-001', found: [{ label: 'object', score: 0.93 }] },
    modelCalls: 1,
  });
  expect(lines.join('\n')).not.toContain('neighbour');
});

test('takes a rough stroke instead of a mode', async () => {
  const response = await ask({ image, scribble });
  expect(response.status).toBe(200);
  const { data } = await decodeAnswer(new Uint8Array(await response.arrayBuffer()));
  expect([data[3 * (42 * 160 + 80)], data[0]]).toEqual([255, 0]);
});

describe('bad input', () => {
  it.each([
    ['no photo', { maskMode: 'people' }, 400, 'REQUEST_INVALID'],
    ['nothing that is wanted', { image }, 400, 'REQUEST_INVALID'],
    ['a mode and a scribble', { image, scribble, maskMode: 'people' }, 400, 'REQUEST_INVALID'],
    [
      'words that are too long',
      { image, maskMode: 'prompt', maskPrompt: 'a'.repeat(501) },
      400,
      'REQUEST_INVALID',
    ],
    ['words without their mode', { image, maskMode: 'people', maskPrompt: 'a' }, 400, 'REQUEST_INVALID'],
    ['an unknown class', { image, maskMode: 'semantic', maskClasses: 'unicorn' }, 400, 'REQUEST_INVALID'],
    ['a field of edits', { image, maskMode: 'people', featherPx: '3' }, 400, 'REQUEST_INVALID'],
    ['no picture', { image: Uint8Array.of(1, 2, 3), maskMode: 'people' }, 422, 'IMAGE_UNREADABLE'],
  ])('%s is refused with a code', async (_, parts, status, code) => {
    const response = await ask(parts);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ code });
  });

  it('nonsense of the service is a bad reply', async () => {
    model.behave({ garbage: true }, 3);
    const response = await ask({ image, maskMode: 'prompt', maskPrompt: 'a hat' });
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ code: 'ENGINE_BAD_REPLY' });
  });
});
