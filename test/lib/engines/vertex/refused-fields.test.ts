import { describe, expect, it } from 'vitest';
import { engineFor } from '../../../../lib/engines/engines.ts';
import { isOfRequest, refusalIn } from '../../../../lib/engines/vertex/refused-fields.ts';
import { engineCodec } from '../../../../lib/formats/vips/engine-codec.ts';
import { request, signal } from '../../../contract/support.ts';
import { errorOf } from '../../../support/error-of.ts';
import { fakeClock, modelSettings } from '../../../support/fake-model.ts';
import { useFaultyModel } from '../../../support/use.ts';

const emulator = await useFaultyModel();

const adapterOf = (engine: 'gemini' | 'imagen', refusedFields = new Map(), maxTries = 3) =>
  engineFor(
    { engine, model: undefined },
    { ...modelSettings, modelBaseUrl: emulator.url },
    { codec: engineCodec, tuning: { clock: fakeClock().clock, random: () => 0, refusedFields, maxTries } },
  );

const optional = [
  ['gemini', 'unknownField', 'generationConfig.imageConfig.imageOutputOptions'],
  ['gemini', 'unsupportedField', 'generationConfig.imageConfig.imageSize'],
  ['imagen', 'unknownField', 'parameters.outputOptions'],
  ['imagen', 'unsupportedField', 'parameters.includeRaiReason'],
] as const;

describe('an optional field that the model refuses', () => {
  it.each(optional)('%s, %s %s: is left out and told, and stays out', async (engine, kind, path) => {
    emulator.behave({ [kind]: path });
    const refused = new Map();
    // Also where a call may be sent once only: a refused one is not billed.
    const first = await (await adapterOf(engine, refused, 1)).inpaint(request(), signal);
    expect(first).toMatchObject({ calls: 1, outcomes: [{ kind: 'image' }] });
    expect(first.warnings.join()).toContain(`does not take ${path}`);
    const second = await (await adapterOf(engine, refused)).inpaint(request(), signal);
    expect(second.warnings.join()).toContain(path);
    expect(emulator.calls().map(({ status }) => status)).toEqual([400, 200, 200]);
  });
});

describe('a field that must be sent', () => {
  it('is a fault of the setup that names it, and is not billed', async () => {
    emulator.behave({ unknownField: 'generationConfig.responseModalities' });
    const adapter = await adapterOf('gemini');
    const error = await errorOf(adapter.inpaint(request(), signal));
    expect(error).toMatchObject({
      code: 'MODEL_INCOMPATIBLE',
      kind: 'setup',
      details: { fields: ['generationConfig.responseModalities'] },
      billing: { mayBeBilled: false },
    });
    expect(error.message).toContain('generationConfig.responseModalities');
    expect(emulator.calls()).toHaveLength(1);
  });
});

it('blames the request for an option that it asked for', async () => {
  emulator.behave({ unknownField: 'generationConfig.imageConfig.personGeneration' });
  const adapter = await adapterOf('gemini');
  const asked = request({ personGeneration: 'allow_all' });
  expect(await errorOf(adapter.inpaint(asked, signal))).toMatchObject({ code: 'ENGINE_REJECTED' });
});

describe('sentences of the service', () => {
  it.each([
    [
      "Invalid value at 'generation_config.image_config.image_size' (TYPE_STRING), 4",
      ['generationConfig.imageConfig.imageSize'],
    ],
    ['Invalid JSON payload received. Unknown name "thinkingLevel": Cannot find field.', ['thinkingLevel']],
    ['Multi-modal output is not supported.', []],
  ])('%s', (message, fields) => {
    expect(refusalIn(message, [])).toEqual({ fields, message });
  });

  it('reads details before the sentence, and an ErrorInfo without a field', () => {
    const violation = {
      fieldViolations: [{ field: 'contents[0].parts[1].inline_data', description: 'bad' }],
    };
    const refusal = refusalIn('Invalid argument', [violation]);
    expect(refusal?.fields).toEqual(['contents.parts.inlineData']);
    expect(refusal && isOfRequest(refusal, [])).toBe(true);
    const info = { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'X', domain: 'd' };
    expect(refusalIn('Invalid argument', [info])).toMatchObject({ fields: [] });
    expect(refusalIn('Unable to process input image.', [])).toBeUndefined();
  });
});
