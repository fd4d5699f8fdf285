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
  it.each(['MODEL_RETIRED', 'MODEL_PERMISSION'] as const)(
    'makes no calls after %s, then one probe',
    async (code) => {
      const { engine, ask, pass } = breakerOver((call) => (call <= 2 ? code : undefined));
      expect([await ask(), await ask(), await ask()]).toEqual([code, code, code]);
      expect(engine.calls).toHaveLength(1);
      pass(5 * 60_000);
      expect(await ask()).toBe(code);
      pass(5 * 60_000);
      expect([await ask(), await ask()]).toEqual(['painted', 'painted']);
      expect(engine.calls).toHaveLength(4);
    },
  );

  it('lets one call through as a probe, and no second one beside it', async () => {
    const { engine, ask, pass } = breakerOver((call) => (call === 1 ? 'MODEL_RETIRED' : undefined));
    await ask();
    pass(5 * 60_000);
    expect(await Promise.all([ask(), ask(), ask()])).toEqual(['painted', 'MODEL_RETIRED', 'MODEL_RETIRED']);
    expect(engine.calls).toHaveLength(2);
    expect(await Promise.all([ask(), ask()])).toEqual(['painted', 'painted']);
  });

  it('probes again at once when the probe met a passing fault', async () => {
    const { ask, pass } = breakerOver((call) => (['MODEL_RETIRED', 'MODEL_QUOTA'] as const)[call - 1]);
    await ask();
    pass(5 * 60_000);
    expect([await ask(), await ask()]).toEqual(['MODEL_QUOTA', 'painted']);
  });

  it('stops a storm of refusals before it turns a bucket into error files', async () => {
    const { engine, ask } = breakerOver(() => 'ENGINE_REFUSED');
    for (let call = 0; call < 20; call++) expect(await ask()).toBe('ENGINE_REFUSED');
    expect(await ask()).toBe('POLICY_STORM');
    expect(engine.calls).toHaveLength(20);
  });

  it('lets single refusals, quota and outages through', async () => {
    const { engine, ask } = breakerOver(
      (call) => (['ENGINE_REFUSED', 'MODEL_QUOTA', undefined] as const)[call % 3],
    );
    for (let call = 0; call < 90; call++) await ask();
    expect(engine.calls).toHaveLength(90);
  });
});
