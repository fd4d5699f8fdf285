import { describe, expect, it } from 'vitest';
import type { InpaintRequest } from '../../../../lib/engines/engine.ts';
import { engineOnFake } from '../../../support/fake-model.ts';
import { cropBase64, maskBase64, pngBase64, removalRequest } from '../../../support/inpaint-request.ts';

const never = new AbortController().signal;
const always = { includeRaiReason: true, outputOptions: { mimeType: 'image/png' } };

async function send(overrides: Partial<InpaintRequest>) {
  const onePicture = { json: { predictions: [{ bytesBase64Encoded: pngBase64() }] } };
  const { engine, seen } = await engineOnFake('imagen2', [onePicture]);
  const reply = await engine.inpaint(removalRequest(overrides), never);
  return { reply, body: seen[0]?.body, url: seen[0]?.url };
}

describe('request body', () => {
  it.each([
    ['removal', {}, { editMode: 'inpainting-remove', maskDilation: 0.01 }],
    [
      'insertion',
      { prompt: 'ripe strawberries', guidance: 60 },
      { editMode: 'inpainting-insert', guidanceScale: 60, maskDilation: 0.01 },
    ],
  ] as const)('is the documented one for a %s with a mask', async (mode, options, editConfig) => {
    const { body, url } = await send({ mode, ...options });
    expect(url).toMatch(/models\/imagegeneration@006:predict$/);
    expect(body).toEqual({
      instances: [
        {
          prompt: 'prompt' in options ? options.prompt : '',
          image: { bytesBase64Encoded: cropBase64 },
          mask: { image: { bytesBase64Encoded: maskBase64 } },
        },
      ],
      parameters: { sampleCount: 1, editConfig, ...always },
    });
  });

  it('names an automatic mask instead of sending one', async () => {
    const background = await send({
      mask: undefined,
      automaticMask: { mode: 'background', classes: undefined },
    });
    expect(background.body?.instances[0]).not.toHaveProperty('mask');
    expect(background.body?.parameters.editConfig).toEqual({
      editMode: 'inpainting-remove',
      maskMode: { maskType: 'background' },
      maskDilation: 0.01,
    });
    const semantic = await send({ mask: undefined, automaticMask: { mode: 'semantic', classes: [7, 8] } });
    expect(semantic.body?.parameters.editConfig.maskMode).toEqual({ maskType: 'semantic', classes: [7, 8] });
  });
});

it('says what it left out', async () => {
  const { reply, body } = await send({ steps: 20, guidance: 10, negativePrompt: 'dogs' });
  expect(reply.warnings.join('\n')).toMatch(/steps[\s\S]*negativePrompt[\s\S]*guidance/);
  expect(body?.parameters.editConfig).toEqual({ editMode: 'inpainting-remove', maskDilation: 0.01 });
});

it('refuses guidance over 500, naming range and engine', async () => {
  await expect(send({ guidance: 501 })).rejects.toMatchObject({
    code: 'REQUEST_INVALID',
    message: 'Expected guidance of 0..500 for imagen2:imagegeneration@006, got 501',
  });
});
