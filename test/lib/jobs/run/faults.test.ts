import { describe, expect, it } from 'vitest';
import {
  beyondLeaseMs,
  cases,
  caseWith,
  type Engine,
  emulator,
  expectOneResult,
  itSurvives,
  itSurvivesHangs,
  longerThanRetries,
  recover,
  work,
} from '../../../support/failing-job.ts';
import { fakeEngine } from '../../../support/job-world.ts';

// Some hundred runs take long on a busy machine.
const patienceMs = 60_000;

describe('a job whose storage fails at any request (G7, G8)', { timeout: patienceMs }, () => {
  it('takes at most 6 writes and 12 other requests when nothing fails', async () => {
    const { name, engine, acknowledged, requests } = await caseWith(undefined);
    expect(acknowledged).toBe(true);
    expect(engine.calls).toEqual(['r0']);
    const { writes, reads, lists } = emulator.requests.snapshot();
    console.log(`requests of one job: ${writes} writes, ${reads} reads, ${lists} lists`);
    expect(requests).toBe(writes + reads + lists);
    expect(writes).toBeLessThanOrEqual(6);
    expect(reads + lists).toBeLessThanOrEqual(12);
    await expectOneResult(name, engine);
  });

  itSurvives({ kind: '503', times: longerThanRetries, mostCalls: 2 });
  itSurvives({ kind: 'lost', times: 1, mostCalls: 1 });
  itSurvives({ kind: 'crash-after', times: 1, mostCalls: 2 });
  itSurvivesHangs({ what: 'the deadline of the job ends it', how: { isPastDeadline: true }, mostCalls: 2 });

  it('another worker finishes after the lease at every request: the zombie changes nothing', async () => {
    const { requests } = await caseWith(undefined);
    for (let at = 1; at <= requests; at++) {
      const heirEngine = fakeEngine((call) => `painted ${call}`);
      const onHit = async () => {
        emulator.advance(beyondLeaseMs);
        await work('heir', `case-${cases}/p.jpg`, heirEngine);
      };
      const { name, engine } = await caseWith({ kind: 'notice', at, onHit });
      await recover(name, engine);
      const both = { calls: [...engine.calls, ...heirEngine.calls] } as unknown as Engine;
      await expectOneResult(name, both);
      expect(both.calls.length).toBeLessThanOrEqual(2);
    }
  });
});
