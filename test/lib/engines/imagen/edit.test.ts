import { describe, expect, it } from 'vitest';
import type { AutomaticMask, InpaintRequest } from '../../../../lib/engines/engine.ts';
import { engineOnFake, type FakeAnswer } from '../../../support/fake-model.ts';
import { cropBase64, maskBase64, pngBase64, removalRequest } from '../../../support/inpaint-request.ts';

const never = new AbortController().signal;
const onePicture = { json: { predictions: [{ bytesBase64Encoded: pngBase64(), mimeType: 'image/png' }] } };

const setUp = (...answers: readonly FakeAnswer[]) =>
  engineOnFake('imagen', answers.length > 0 ? answers : [onePicture]);

const automatic = (mode: AutomaticMask['mode'], classes?: readonly number[]): Partial<InpaintRequest> => ({
  mask: undefined,
  automaticMask: { mode, classes },
});

/** What is sent beyond the documented example: the reason of filtered candidates and a lossless answer. */
const always = { includeRaiReason: true, outputOptions: { mimeType: 'image/png' } };

describe('request body', () => {
  it('takes more steps for an insertion', async () => {
    const { engine, seen } = await setUp();
    await engine.inpaint(removalRequest({ mode: 'insertion', prompt: 'a lovely corgi' }), never);
    expect(seen[0]?.body.parameters.editConfig).toEqual({ baseSteps: 35 });
  });

  it('leaves the negative prompt out of a removal and says so', async () => {
    const { engine, seen } = await setUp();
    const reply = await engine.inpaint(removalRequest({ negativePrompt: 'dogs' }), never);
    expect(seen[0]?.body.parameters).not.toHaveProperty('negativePrompt');
    expect(reply.warnings).toEqual([expect.stringContaining('negativePrompt')]);
  });
});

describe('refused before anything is sent', () => {
  it.each<[string, object, string, RegExp]>([
    ['too many steps', { steps: 76 }, 'REQUEST_INVALID', /steps of 1\.\.75 for imagen/],
    ['no steps', { steps: 0 }, 'REQUEST_INVALID', /steps of 1\.\.75/],
    ['too many samples', { samples: 5 }, 'REQUEST_INVALID', /samples of 1\.\.4/],
    ['dilation over 1', { maskDilation: 1.1 }, 'REQUEST_INVALID', /maskDilation of 0\.\.1/],
    ['dilation that is no number', { maskDilation: Number.NaN }, 'REQUEST_INVALID', /maskDilation of 0\.\.1/],
    ['guidance over 500', { guidance: 501 }, 'REQUEST_INVALID', /guidance of 0\.\.500/],
    ['seed 0', { seed: 0, addWatermark: false }, 'REQUEST_INVALID', /seed of 1\.\.2147483647/],
    ['a seed with the watermark', { seed: 7, addWatermark: true }, 'REQUEST_INVALID', /addWatermark false/],
    ['a seed with the default watermark', { seed: 7 }, 'REQUEST_INVALID', /addWatermark false/],
    ['an unknown language', { language: 'de' }, 'REQUEST_INVALID', /language to be auto, en/],
    ['an unknown person setting', { personGeneration: 'all' }, 'REQUEST_INVALID', /personGeneration/],
    ['an unknown safety setting', { safetySetting: 'off' }, 'REQUEST_INVALID', /safetySetting/],
    ['insertion without a prompt', { mode: 'insertion', prompt: ' ' }, 'REQUEST_INVALID', /prompt/],
    ['no mask at all', { mask: undefined }, 'MASK_MISSING', /mask/],
    ['two masks', { ...automatic('foreground'), mask: removalRequest().mask }, 'REQUEST_INVALID', /got both/],
    ['semantic without classes', automatic('semantic', []), 'REQUEST_INVALID', /1 to 5 mask classes/],
    ['six classes', automatic('semantic', [1, 2, 3, 4, 5, 6]), 'REQUEST_INVALID', /1 to 5 mask classes/],
    ['classes without semantic', automatic('foreground', [1]), 'REQUEST_INVALID', /no mask classes/],
  ])('%s', async (_, overrides, code, message) => {
    const { engine, seen } = await setUp();
    const work = engine.inpaint(removalRequest(overrides), never);
    await expect(work).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    await expect(work).rejects.toThrow('imagen');
    expect(seen).toHaveLength(0);
  });
});

describe('reply', () => {
  it('gives images, the filtered one with its category, and the calls made', async () => {
    const { engine } = await setUp(
      { status: 503 },
      {
        json: {
          predictions: [
            { bytesBase64Encoded: pngBase64(), mimeType: 'image/png' },
            { raiFilteredReason: 'Filtered by policy. Support codes: 39322892' },
          ],
        },
      },
    );
    const reply = await engine.inpaint(removalRequest({ samples: 2 }), never);
    expect(reply.outcomes.map(({ kind }) => kind)).toEqual(['image', 'filtered']);
    expect(reply.outcomes[1]).toEqual({ kind: 'filtered', reason: 'person or face (39322892)' });
    expect(reply.calls).toBe(2);
    expect(reply.warnings).toEqual([]);
  });

  it('names candidates that are missing without a reason', async () => {
    const { engine } = await setUp();
    const reply = await engine.inpaint(removalRequest({ samples: 4 }), never);
    expect(reply.warnings).toEqual([expect.stringContaining('3 of 4')]);
  });

  it('fails for good when all are filtered, with the reasons', async () => {
    const { engine } = await setUp({
      json: { predictions: [{ raiFilteredReason: 'x Support codes: 62263041' }] },
    });
    await expect(engine.inpaint(removalRequest(), never)).rejects.toMatchObject({
      code: 'ENGINE_FILTERED',
      kind: 'input',
      details: { reasons: ['dangerous content (62263041)'] },
      billing: { calls: 1 },
    });
  });

  it.each([[{}], [{ predictions: [] }], [{ predictions: null }]])('survives %j', async (json) => {
    const { engine } = await setUp({ json });
    await expect(engine.inpaint(removalRequest(), never)).rejects.toMatchObject({ code: 'ENGINE_EMPTY' });
  });

  it('gives the safety scores apart from the candidates', async () => {
    const { engine } = await setUp({
      json: {
        predictions: [
          { bytesBase64Encoded: pngBase64(), safetyAttributes: { categories: ['Hate'], scores: [0.1] } },
          {
            contentType: 'Positive Prompt',
            safetyAttributes: { categories: ['Toxic'], scores: [0.2] },
          },
        ],
      },
    });
    const reply = await engine.inpaint(removalRequest({ includeSafetyAttributes: true }), never);
    expect(reply.outcomes).toHaveLength(1);
    expect(reply.safety).toEqual([
      { of: 'image', scores: { Hate: 0.1 } },
      { of: 'Positive Prompt', scores: { Toxic: 0.2 } },
    ]);
  });
});

async function send(overrides: Partial<InpaintRequest>) {
  const { engine, seen } = await engineOnFake('imagen2', [onePicture]);
  const reply = await engine.inpaint(removalRequest(overrides), never);
  return { reply, body: seen[0]?.body, url: seen[0]?.url };
}

describe('Imagen 2: request body', () => {
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

it('Imagen 2 says what it left out', async () => {
  const { reply, body } = await send({ steps: 20, guidance: 10, negativePrompt: 'dogs' });
  expect(reply.warnings.join('\n')).toMatch(/steps[\s\S]*negativePrompt[\s\S]*guidance/);
  expect(body?.parameters.editConfig).toEqual({ editMode: 'inpainting-remove', maskDilation: 0.01 });
});

it('Imagen 2 refuses guidance over 500, naming range and engine', async () => {
  await expect(send({ guidance: 501 })).rejects.toMatchObject({
    code: 'REQUEST_INVALID',
    message: 'Expected guidance of 0..500 for imagen2:imagegeneration@006, got 501',
  });
});
