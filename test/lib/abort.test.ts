import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { abortError, retryPassing, withDeadline } from '../../lib/abort.ts';
import { EditError } from '../../lib/errors.ts';

const lateCode = 'STORAGE_UNAVAILABLE';
const quick = { attemptTimeoutMs: 1000, backoffMs: [1, 1], lateCode } as const;
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
      { attemptTimeoutMs: 5, backoffMs: [1], lateCode },
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
      { attemptTimeoutMs: 1000, backoffMs: [3_600_000], lateCode },
      controller.signal,
    );
    await expect(failing).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});

describe('withDeadline', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const late = () => new EditError('DEADLINE_EXCEEDED', 'Expected it within 1000 ms');
  const untilAborted = (signal: AbortSignal) =>
    new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

  it('leaves no timer behind, whether the work succeeds or fails', async () => {
    await expect(withDeadline({ ms: 1000, late }, async () => 'done')).resolves.toBe('done');
    await expect(withDeadline({ ms: 1000, late }, () => Promise.reject(new Error('no')))).rejects.toThrow(
      'no',
    );
    expect(vi.getTimerCount()).toBe(0);
  });

  it('aborts late work with the error it was given', async () => {
    const ended = expect(withDeadline({ ms: 1000, late }, untilAborted)).rejects.toEqual(late());
    await vi.advanceTimersByTimeAsync(1000);
    await ended;
  });

  it('aborts with an outer signal, for its reason', async () => {
    const closing = new AbortController();
    const work = withDeadline({ ms: 1000, late, signal: closing.signal }, untilAborted);
    const ended = expect(work).rejects.toThrow('closing');
    closing.abort(new Error('closing'));
    await ended;
  });
});

describe('abortError', () => {
  it.each([
    ['a reason with a code', new EditError('BUSY', 'another'), 'BUSY'],
    ['a timeout', new DOMException('late', 'TimeoutError'), 'DEADLINE_EXCEEDED'],
    ['anything else', undefined, 'CANCELLED'],
  ])('gives %s its code', (_, reason, code) => {
    expect(abortError(AbortSignal.abort(reason)).code).toBe(code);
  });
});
