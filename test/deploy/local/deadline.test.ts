import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { withDeadline } from '../../../deploy/local/deadline.ts';

const never = new AbortController().signal;
const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));

describe('withDeadline', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('leaves no timer behind, whether the work succeeds or fails', async () => {
    await expect(withDeadline(1000, never, async () => 'done')).resolves.toBe('done');
    await expect(withDeadline(1000, never, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('aborts late work', async () => {
    const late = expect(withDeadline(1000, never, untilAborted)).rejects.toThrow('aborted');
    await vi.advanceTimersByTimeAsync(1000);
    await late;
  });

  it('aborts work when everything closes', async () => {
    const closing = new AbortController();
    const closed = expect(withDeadline(1000, closing.signal, untilAborted)).rejects.toThrow('aborted');
    closing.abort();
    await closed;
  });
});
