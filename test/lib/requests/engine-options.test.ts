import { expect, it } from 'vitest';
import { parseRequest } from '../../../lib/requests/edit-request.ts';
import { assertHonoured, automaticMaskOf, engineOptions } from '../../../lib/requests/engine-options.ts';

const gemini = 'gemini:gemini-3-pro-image';

it('accepts what the engine is, and what is left out', () => {
  assertHonoured(parseRequest({}), 'patchmatch');
  assertHonoured(parseRequest({ engine: 'gemini', model: 'gemini-3-pro-image' }), gemini);
  assertHonoured(parseRequest({ engine: 'endpoint', model: 'painter:7' }), 'endpoint:painter:7');
});

it.each([{ engine: 'imagen' }, { model: 'other' }])('refuses %j instead of leaving it out', (value) => {
  expect(() => assertHonoured(parseRequest(value), gemini)).toThrow(
    expect.objectContaining({ code: 'ENGINE_UNSUPPORTED' }),
  );
});

it('turns request fields into engine options', () => {
  const request = parseRequest({ modelFormat: 'jpeg', modelQuality: 90, steps: 20, maskMode: 'background' });
  expect(engineOptions(request)).toMatchObject({
    steps: 20,
    replyFormat: { mediaType: 'image/jpeg', quality: 90 },
  });
  expect(engineOptions(parseRequest({})).replyFormat).toBeUndefined();
  expect(automaticMaskOf(request)).toEqual({ mode: 'background', classes: undefined });
  expect(automaticMaskOf(parseRequest({}))).toBeUndefined();
});
