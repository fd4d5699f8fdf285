import { describe, expect, it } from 'vitest';
import { EditError, type ErrorCode } from '../../../../lib/errors.ts';
import { circuitBreaker } from '../../../../lib/jobs/run/circuit-breaker.ts';
import { engineRequest, fakeEngine, never, silentLog } from '../../../support/job-world.ts';

const request = engineRequest('r0');

function breakerOver(codeAt: (call: number) => ErrorCode | undefined) {
  let nowMs = 0;
  const engine = fakeEngine((call) => {
    const code = codeAt(call);
    if (code !== undefined) throw new EditError(code, 'Expected a picture');
    return 'painted';
  });
  const breaker = circuitBreaker(engine, { now: () => nowMs, log: silentLog });
  const ask = () =>
    breaker.inpaint(request, never).then(
      () => 'painted',
      (error: EditError) => error.code,
    );
  return { engine, ask, pass: (ms: number) => (nowMs += ms) };
}

describe('circuitBreaker', () => {
  it.each(['MODEL_RETIRED', 'MODEL_PERMISSION', 'MODEL_INCOMPATIBLE'] as const)(
    'makes no calls after %s, then one probe',
    async (code) => {
      const { engine, ask, pass } = breakerOver((call) => (call <= 2 ? code : undefined));
      expect([await ask(), await ask(), await ask()]).toEqual([code, code, code]);
      expect(engine.calls).toHaveLength(1);
      pass(30_000);
      expect(await ask()).toBe(code);
      pass(30_000);
      expect([await ask(), await ask()]).toEqual(['painted', 'painted']);
      expect(engine.calls).toHaveLength(4);
    },
  );

  it('lets one call through as a probe, and no second one beside it', async () => {
    const { engine, ask, pass } = breakerOver((call) => (call === 1 ? 'MODEL_RETIRED' : undefined));
    await ask();
    pass(30_000);
    expect(await Promise.all([ask(), ask(), ask()])).toEqual(['painted', 'MODEL_RETIRED', 'MODEL_RETIRED']);
    expect(engine.calls).toHaveLength(2);
    expect(await Promise.all([ask(), ask()])).toEqual(['painted', 'painted']);
  });

  it('probes again at once when the probe met a passing fault', async () => {
    const { ask, pass } = breakerOver((call) => (['MODEL_RETIRED', 'MODEL_QUOTA'] as const)[call - 1]);
    await ask();
    pass(30_000);
    expect([await ask(), await ask()]).toEqual(['MODEL_QUOTA', 'painted']);
  });

  it('tells every five minutes of a fault that each probe meets', async () => {
    const toldMs: number[] = [];
    let nowMs = 0;
    const engine = fakeEngine(() => {
      throw new EditError('MODEL_RETIRED', 'Expected a picture');
    });
    const log = { ...silentLog, error: () => void toldMs.push(nowMs) };
    const breaker = circuitBreaker(engine, { now: () => nowMs, log });
    for (; nowMs <= 630_000; nowMs += 30_000) await breaker.inpaint(request, never).catch(() => undefined);
    expect(toldMs).toEqual([0, 300_000, 600_000]);
  });

  it('stops a storm of refusals before it turns a bucket into error files', async () => {
    const { engine, ask } = breakerOver(() => 'ENGINE_REFUSED');
    for (let call = 0; call < 20; call++) expect(await ask()).toBe('ENGINE_REFUSED');
    expect(await ask()).toBe('POLICY_STORM');
    expect(engine.calls).toHaveLength(20);
  });

  it('lets 4 jobs end that are rejected with one sentence; the fifth waits, and no call is made', async () => {
    let job = 0;
    let sentence = 'Unknown name';
    const engine = fakeEngine(() => {
      throw new EditError('ENGINE_REJECTED', sentence);
    });
    let nowMs = 0;
    const breaker = circuitBreaker(engine, { now: () => nowMs, log: silentLog });
    const ask = (id: string) =>
      breaker.inpaint({ ...request, job: id }, never).catch((error: EditError) => error.code);
    // One job with many regions, and jobs with sentences of their own, say nothing about the others.
    for (let region = 0; region < 9; region++) expect(await ask('a')).toBe('ENGINE_REJECTED');
    for (; job < 9; job++) {
      sentence = `Bad picture ${job}`;
      expect(await ask(`b${job}`)).toBe('ENGINE_REJECTED');
    }
    sentence = 'Unknown name';
    for (job = 0; job < 4; job++) expect(await ask(`c${job}`)).toBe('ENGINE_REJECTED');
    const calls = engine.calls.length;
    expect([await ask('c4'), await ask('c5')]).toEqual(['REJECTION_STORM', 'REJECTION_STORM']);
    expect(engine.calls).toHaveLength(calls + 1);
    nowMs += 30_000;
    expect(await ask('c6')).toBe('REJECTION_STORM');
  });

  it('lets single refusals, quota and outages through', async () => {
    const { engine, ask } = breakerOver(
      (call) => (['ENGINE_REFUSED', 'MODEL_QUOTA', undefined] as const)[call % 3],
    );
    for (let call = 0; call < 90; call++) await ask();
    expect(engine.calls).toHaveLength(90);
  });
});
