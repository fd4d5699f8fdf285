import { describe, expect, it } from 'vitest';
import type { AutomaticMask, InpaintRequest } from '../../../../lib/engines/engine.ts';
import { engineOnFake, type FakeAnswer } from '../../../support/fake-model.ts';
import { cropBase64, maskBase64, pngBase64, removalRequest } from '../../../support/inpaint-request.ts';

const never = new AbortController().signal;
const onePicture = { json: { predictions: [{ bytesBase64Encoded: pngBase64(), mimeType: 'image/png' }] } };

const setUp = (...answers: readonly FakeAnswer[]) =>
  engineOnFake('imagen', answers.length > 0 ? answers : [onePicture]);

async function bodyOf(overrides: Partial<InpaintRequest>) {
  const { engine, seen } = await setUp();
  await engine.inpaint(removalRequest(overrides), never);
  return seen[0]?.body;
}

const automatic = (mode: AutomaticMask['mode'], classes?: readonly number[]): Partial<InpaintRequest> => ({
  mask: undefined,
  automaticMask: { mode, classes },
});

/** What is sent beyond the documented example: the reason of filtered candidates and a lossless answer. */
const always = { includeRaiReason: true, outputOptions: { mimeType: 'image/png' } };

describe('request body', () => {
  it.each([
    ['removal', { samples: 4 }, { editConfig: { baseSteps: 12 }, editMode: 'EDIT_MODE_INPAINT_REMOVAL' }],
    [
      'insertion',
      { samples: 2, prompt: 'a lovely corgi' },
      { editConfig: { baseSteps: 35 }, editMode: 'EDIT_MODE_INPAINT_INSERTION' },
    ],
  ] as const)('is the documented one for a %s with a mask', async (mode, options, parameters) => {
    expect(await bodyOf({ mode, ...options })).toEqual({
      instances: [
        {
          prompt: 'prompt' in options ? options.prompt : '',
          referenceImages: [
            {
              referenceType: 'REFERENCE_TYPE_RAW',
              referenceId: 1,
              referenceImage: { bytesBase64Encoded: cropBase64 },
            },
            {
              referenceType: 'REFERENCE_TYPE_MASK',
              referenceId: 2,
              referenceImage: { bytesBase64Encoded: maskBase64 },
              maskImageConfig: { maskMode: 'MASK_MODE_USER_PROVIDED', dilation: 0.01 },
            },
          ],
        },
      ],
      parameters: { ...parameters, sampleCount: options.samples, ...always },
    });
  });

  it.each([
    ['background', undefined, 0, { maskMode: 'MASK_MODE_BACKGROUND', dilation: 0 }],
    ['foreground', undefined, undefined, { maskMode: 'MASK_MODE_FOREGROUND', dilation: 0.01 }],
    [
      'semantic',
      [175, 176],
      undefined,
      { maskMode: 'MASK_MODE_SEMANTIC', maskClasses: [175, 176], dilation: 0.01 },
    ],
  ] as const)(
    'sends no mask image with the automatic mask %s',
    async (mode, classes, maskDilation, config) => {
      const body = await bodyOf({ ...automatic(mode, classes), maskDilation });
      expect(body?.instances[0]?.referenceImages[1]).toEqual({
        referenceType: 'REFERENCE_TYPE_MASK',
        referenceId: 2,
        maskImageConfig: config,
      });
    },
  );

  it('carries every option to its place', async () => {
    const body = await bodyOf({
      mode: 'insertion',
      prompt: 'a lovely corgi',
      negativePrompt: 'leash',
      seed: 7,
      addWatermark: false,
      steps: 75,
      guidance: 20,
      language: 'en',
      personGeneration: 'dont_allow',
      safetySetting: 'block_only_high',
      includeSafetyAttributes: true,
      replyFormat: { mediaType: 'image/jpeg', quality: 90 },
      labels: { team: 'photos' },
    });
    expect(body?.labels).toEqual({ team: 'photos' });
    expect(body?.parameters).toEqual({
      editMode: 'EDIT_MODE_INPAINT_INSERTION',
      editConfig: { baseSteps: 75 },
      sampleCount: 1,
      negativePrompt: 'leash',
      guidanceScale: 20,
      seed: 7,
      addWatermark: false,
      language: 'en',
      personGeneration: 'dont_allow',
      safetySetting: 'block_only_high',
      includeRaiReason: true,
      includeSafetyAttributes: true,
      outputOptions: { mimeType: 'image/jpeg', compressionQuality: 90 },
    });
  });

  it('never sends an aspect ratio, and goes to the documented path', async () => {
    const { engine, seen } = await setUp();
    await engine.inpaint(removalRequest(), never);
    expect(JSON.stringify(seen[0]?.body)).not.toContain('aspectRatio');
    expect(seen[0]?.url).toMatch(
      /\/locations\/us-central1\/publishers\/google\/models\/imagen-3\.0-capability-001:predict$/,
    );
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

  it.each([[{}], [{ predictions: [] }], [{ predictions: null }]])(
    'has its own code for no predictions and no reason: %j',
    async (json) => {
      const { engine } = await setUp({ json });
      await expect(engine.inpaint(removalRequest(), never)).rejects.toMatchObject({
        code: 'ENGINE_EMPTY',
        kind: 'passing',
      });
    },
  );

  it('does not take a truncated picture for one', async () => {
    const cut = Buffer.from(pngBase64(), 'base64').subarray(0, 30).toString('base64');
    const { engine } = await setUp({
      json: { predictions: [{ bytesBase64Encoded: cut, mimeType: 'image/png' }] },
    });
    await expect(engine.inpaint(removalRequest(), never)).rejects.toMatchObject({ code: 'ENGINE_BAD_REPLY' });
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
