import { describe, expect, it } from 'vitest';
import { EditError } from '../../../lib/errors.ts';
import { retryPassing } from '../../../lib/storage/retry.ts';

const quick = { attemptTimeoutMs: 1000, backoffMs: [1, 1] };
const passing = () => new EditError('STORAGE_UNAVAILABLE', 'Expected an answer, got 503');

describe('retryPassing', () => {
  it('tries again after passing errors and returns the first success', async () => {
    let calls = 0;
    const answer = await retryPassing(
      async () => {
        if (++calls < 3) throw passing();
        return calls;
      },
      quick,
      undefined,
    );
    expect(answer).toBe(3);
  });

  it('throws the last error when the waits are used up', async () => {
    let calls = 0;
    const failing = retryPassing(
      async () => {
        calls++;
        throw passing();
      },
      quick,
      undefined,
    );
    await expect(failing).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
    expect(calls).toBe(3);
  });

  it('does not repeat what will fail again', async () => {
    let calls = 0;
    const failing = retryPassing(
      async () => {
        calls++;
        throw new EditError('STORAGE_PERMISSION', 'Expected access, got 403');
      },
      quick,
      undefined,
    );
    await expect(failing).rejects.toMatchObject({ code: 'STORAGE_PERMISSION' });
    expect(calls).toBe(1);
  });

  it('gives up a call that hangs and tries again', async () => {
    let calls = 0;
    const answer = await retryPassing(
      () => (++calls === 1 ? new Promise<number>(() => {}) : Promise.resolve(calls)),
      { attemptTimeoutMs: 5, backoffMs: [1] },
      undefined,
    );
    expect(answer).toBe(2);
  });

  it('ends at once when the caller aborts, also in a call that does not listen', async () => {
    const controller = new AbortController();
    const hanging = retryPassing(() => new Promise(() => {}), quick, controller.signal);
    controller.abort(new EditError('DEADLINE_EXCEEDED', 'Expected the job within 510 s'));
    await expect(hanging).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  });

  it('ends at once when the caller aborts between two tries', async () => {
    const controller = new AbortController();
    const failing = retryPassing(
      async () => {
        setTimeout(() => controller.abort(), 1);
        throw passing();
      },
      { attemptTimeoutMs: 1000, backoffMs: [3_600_000] },
      controller.signal,
    );
    await expect(failing).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});
