import { expect, it } from 'vitest';
import { parseRequest } from '../../../lib/requests/edit-request.ts';
import { assertChosenEngine, editOptions } from '../../../lib/requests/engine-options.ts';

const gemini = 'gemini:gemini-3-pro-image';

it('accepts what the engine is, and what is left out', () => {
  assertChosenEngine(parseRequest({}), 'patchmatch');
  assertChosenEngine(parseRequest({ engine: 'gemini', model: 'gemini-3-pro-image' }), gemini);
  assertChosenEngine(parseRequest({ engine: 'endpoint', model: 'painter:7' }), 'endpoint:painter:7');
});

it.each([{ engine: 'imagen' }, { model: 'other' }])('refuses %j instead of leaving it out', (value) => {
  expect(() => assertChosenEngine(parseRequest(value), gemini)).toThrow(
    expect.objectContaining({ code: 'ENGINE_UNSUPPORTED' }),
  );
});

it('turns request fields into engine options', () => {
  const request = parseRequest({ modelFormat: 'jpeg', modelQuality: 90, steps: 20, maskMode: 'background' });
  expect(editOptions(request)).toMatchObject({
    steps: 20,
    replyFormat: { mediaType: 'image/jpeg', quality: 90 },
    automaticMask: { mode: 'background', classes: undefined },
  });
  expect(editOptions(parseRequest({}))).toMatchObject({ replyFormat: undefined, automaticMask: undefined });
});
