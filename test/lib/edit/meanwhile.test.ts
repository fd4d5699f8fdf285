import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { meanwhile } from '../../../lib/edit/meanwhile.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('works while others do, not at once, and only once', () => {
  const work = vi.fn(() => 'done');
  const { get } = meanwhile(work);
  expect(work).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1000);
  expect(work).toHaveBeenCalledTimes(1);
  expect([get(), get()]).toEqual(['done', 'done']);
  expect(work).toHaveBeenCalledTimes(1);
});

it('works when it is asked before its time', () => {
  const work = vi.fn(() => undefined);
  const { get } = meanwhile(work);
  get();
  vi.advanceTimersByTime(1000);
  expect(work).toHaveBeenCalledTimes(1);
});

it('never begins after a stop, unless it is asked', () => {
  const work = vi.fn(() => 1);
  const { get, stop } = meanwhile(work);
  stop();
  vi.advanceTimersByTime(1000);
  expect(work).not.toHaveBeenCalled();
  expect(get()).toBe(1);
});

it('throws to whoever asks, not to the clock', () => {
  const { get } = meanwhile(() => {
    throw new Error('no');
  });
  vi.advanceTimersByTime(1000);
  expect(get).toThrow('no');
});
