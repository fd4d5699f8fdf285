import { describe, expect, it } from 'vitest';
import type { InpaintRequest } from '../../lib/engines/engine.ts';
import { capabilitiesOf, type EngineName, engineNames } from '../../lib/engines/engines.ts';
import type { ErrorCode } from '../../lib/errors.ts';
import { codeOf } from '../support/error-of.ts';
import { useFaultyModel } from '../support/use.ts';
import { crop, engineOn, isEmbedded, picturesOf, request, sampleAt, signal } from './support.ts';

/** One suite for every engine: each mode with each kind of mask gives a picture, or is refused by name. */

const emulator = await useFaultyModel();

const prompt = 'a straw hat on the wall';
const modes: Readonly<Record<string, Partial<InpaintRequest>>> = {
  removal: { mode: 'removal' },
  insertion: { mode: 'insertion', prompt },
};
const masks: Readonly<Record<string, Partial<InpaintRequest>>> = {
  'a user mask': {},
  'the background': { mask: undefined, automaticMask: { mode: 'background', classes: undefined } },
  'the foreground': { mask: undefined, automaticMask: { mode: 'foreground', classes: undefined } },
  'two classes': { mask: undefined, automaticMask: { mode: 'semantic', classes: [175, 176] } },
};

/** An engine does what its capabilities hold, and refuses everything else. */
function refusalOf(engine: EngineName, mode: string, mask: string): ErrorCode | undefined {
  const { modes, options } = capabilitiesOf(engine);
  const { automaticMask } = masks[mask]!;
  const canMask = automaticMask === undefined || options.automaticMask?.values?.includes(automaticMask.mode);
  return canMask && modes.some((name) => name === mode) ? undefined : 'ENGINE_UNSUPPORTED';
}

const cases = engineNames.flatMap((engine) =>
  Object.keys(modes).flatMap((mode) =>
    Object.keys(masks).map((mask) => ({ engine, mode, mask, refusal: refusalOf(engine, mode, mask) })),
  ),
);

describe.each(engineNames)('%s', (engine) => {
  it.each(cases.filter((one) => one.engine === engine && one.refusal === undefined))(
    'answers an $mode with $mask',
    async ({ mode, mask }) => {
      const { adapter } = await engineOn(emulator, engine);
      const reply = await adapter.inpaint(request({ ...modes[mode], ...masks[mask] }), signal);
      expect(reply.outcomes.map(({ kind }) => kind)).toEqual(['image']);
      expect(reply.warnings.filter((warning) => !warning.includes('was asked for'))).toEqual([]);
      const [picture] = await picturesOf(reply);
      expect(picture?.channels).toBe(3);
      const calls = isEmbedded(engine) ? 0 : 1;
      expect(reply.calls).toBe(calls);
      expect(emulator.calls().map(({ status }) => status)).toEqual(Array(calls).fill(200));
    },
  );

  it('changes the masked middle and leaves the corner as it was, by a few levels', async () => {
    const { adapter } = await engineOn(emulator, engine);
    const [picture] = await picturesOf(await adapter.inpaint(request(), signal));
    // The removal of the emulator paints 90; an embedded engine continues the picture instead.
    if (!isEmbedded(engine)) expect(Math.abs(sampleAt(picture!, 0.5, 0.45) - 90)).toBeLessThan(12);
    // Gemini answers in another frame.
    if (engine !== 'gemini') {
      expect(Math.abs(sampleAt(picture!, 0.05, 0.1) - sampleAt(crop, 0.05, 0.1))).toBeLessThan(12);
    }
  });

  const [, mostSamples = 1] = capabilitiesOf(engine).options.samples?.range ?? [];
  it('gives as many candidates as samples', async () => {
    const { adapter } = await engineOn(emulator, engine);
    const samples = Math.min(3, mostSamples);
    const reply = await adapter.inpaint(request({ samples }), signal);
    expect(reply.outcomes.map(({ kind }) => kind)).toEqual(Array(samples).fill('image'));
  });

  it('stops when it is cancelled', async () => {
    const { adapter } = await engineOn(emulator, engine);
    emulator.behave({ hang: true });
    const caller = new AbortController();
    const work = codeOf(adapter.inpaint(request(), caller.signal));
    if (!isEmbedded(engine)) while (emulator.calls().length === 0) await new Promise(setImmediate);
    caller.abort();
    expect(await work).toBe('CANCELLED');
  });
});

describe('what an engine cannot do', () => {
  it.each(cases.filter(({ refusal }) => refusal !== undefined))(
    '$engine refuses an $mode with $mask before anything is sent',
    async ({ engine, mode, mask, refusal }) => {
      const { adapter } = await engineOn(emulator, engine);
      expect(await codeOf(adapter.inpaint(request({ ...modes[mode], ...masks[mask] }), signal))).toBe(
        refusal,
      );
      expect(emulator.calls()).toEqual([]);
    },
  );
});
