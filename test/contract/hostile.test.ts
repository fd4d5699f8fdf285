import { describe, expect, it } from 'vitest';
import type { EngineName } from '../../lib/engines/engines.ts';
import type { ErrorCode } from '../../lib/errors.ts';
import { codeOf, errorOf } from '../support/error-of.ts';
import type { Behaviour } from '../support/model-behaviour.ts';
import { useFaultyModel } from '../support/use.ts';
import { engineOn, modelEngines, picturesOf, request, signal } from './support.ts';

/**
 * Whatever a model does, the adapter ends with a readable picture or the right coded error, after the right
 * number of calls.
 */

const emulator = await useFaultyModel();

const readable: Readonly<Record<string, Behaviour>> = {
  'moved by 3 px': { shift: 3 },
  'zoomed by 2 %': { zoom: 2 },
  brighter: { brighten: 12 },
  blurred: { blur: 2 },
  'of another size': { size: '50x41' },
  'as palette PNG': { palette: true },
  'as JPEG under the name of PNG': { jpeg: true },
  'with drafts before it': { thoughts: 2 },
  'all of that at once': { shift: 2, zoom: 1, brighten: 5, blur: 1, size: '70x52', jpeg: true, thoughts: 1 },
};

type Ends = Readonly<Partial<Record<EngineName, readonly [ErrorCode, calls: number]>>>;
const everywhere = (code: ErrorCode, calls: number): Ends =>
  Object.fromEntries(modelEngines.map((engine) => [engine, [code, calls]]));

/** How it ends, and after how many calls: 3 tries for what passes, 2 where Gemini may answer otherwise. */
const endings: Readonly<Record<string, readonly [Behaviour, Ends]>> = {
  'a truncated file': [
    { truncated: true },
    { ...everywhere('ENGINE_BAD_REPLY', 1), gemini: ['ENGINE_BAD_REPLY', 2] },
  ],
  'all filtered': [
    { filtered: 'all' },
    // A container only leaves the picture out.
    { ...everywhere('ENGINE_FILTERED', 1), endpoint: ['ENGINE_BAD_REPLY', 1], http: ['ENGINE_BAD_REPLY', 1] },
  ],
  'a refusal': [
    { refusal: true },
    {
      ...everywhere('ENGINE_REFUSED', 1),
      gemini: ['ENGINE_REFUSED', 2],
      // Nothing but its own words tells it from a malformed request.
      endpoint: ['ENGINE_REJECTED', 1],
      http: ['ENGINE_REJECTED', 1],
    },
  ],
  'nothing at all': [
    { empty: true },
    { ...everywhere('ENGINE_EMPTY', 1), gemini: ['ENGINE_BAD_REPLY', 2], http: ['ENGINE_BAD_REPLY', 1] },
  ],
  'what is no JSON': [{ garbage: true }, everywhere('ENGINE_BAD_REPLY', 1)],
  'status 400': [{ status: 400 }, everywhere('ENGINE_REJECTED', 1)],
  'status 404': [{ status: 404 }, { ...everywhere('MODEL_RETIRED', 1), http: ['CONFIG_INVALID', 1] }],
  'status 429': [{ status: 429 }, everywhere('MODEL_QUOTA', 3)],
  'status 503': [{ status: 503 }, everywhere('MODEL_UNAVAILABLE', 3)],
  'a broken connection': [{ reset: true }, everywhere('MODEL_UNAVAILABLE', 1)],
};

describe.each(modelEngines)('%s', (engine) => {
  it.each(Object.entries(readable))('reads a picture %s', async (_, behaviour) => {
    const { adapter } = await engineOn(emulator, engine);
    emulator.behave(behaviour);
    const reply = await adapter.inpaint(request(), signal);
    const [picture] = await picturesOf(reply);
    if (behaviour.size) expect(`${picture?.width}x${picture?.height}`).toBe(behaviour.size);
    expect(reply.calls).toBe(1);
  });

  it.each(Object.entries(endings))(
    'ends %s with its code and number of calls',
    async (_, [behaviour, ends]) => {
      const { adapter } = await engineOn(emulator, engine);
      emulator.behave(behaviour);
      const [code, calls] = ends[engine]!;
      const error = await errorOf(adapter.inpaint(request({ prompt: 'a red secret post' }), signal));
      expect(error.code).toBe(code);
      expect(emulator.calls()).toHaveLength(calls);
      expect(JSON.stringify([error.message, error.details])).not.toContain('secret');
    },
  );

  it('waits as long as Retry-After says, then goes on', async () => {
    const { adapter, slept } = await engineOn(emulator, engine);
    emulator.behave({ status: 429, retryAfter: 7 }, 1);
    emulator.behave({ status: 503 }, 1);
    const reply = await adapter.inpaint(request(), signal);
    expect(reply.outcomes[0]?.kind).toBe('image');
    expect(reply.calls).toBe(3);
    expect(slept[0]).toBe(7000);
  });

  it('gives up on a hanging model at the deadline, and does not call again', async () => {
    const { adapter, expire } = await engineOn(emulator, engine);
    emulator.behave({ hang: true });
    const work = codeOf(adapter.inpaint(request(), signal));
    while (emulator.calls().length === 0) await new Promise(setImmediate);
    expire();
    expect(await work).toBe('DEADLINE_EXCEEDED');
    expect(emulator.calls()).toHaveLength(1);
  });
});

it('gemini gives the other pictures when one candidate is blocked', async () => {
  const { adapter } = await engineOn(emulator, 'gemini');
  emulator.behave({ filtered: 'all' }, 1);
  const { outcomes } = await adapter.inpaint(request({ samples: 2 }), signal);
  expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(['filtered', 'image']);
});
