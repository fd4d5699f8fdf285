import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startSoon } from '../../../lib/edit/start-soon.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('starts after a moment, and works only once', () => {
  const work = vi.fn(() => 'done');
  const { get } = startSoon(work);
  expect(work).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1000);
  expect(work).toHaveBeenCalledTimes(1);
  expect([get(), get()]).toEqual(['done', 'done']);
  expect(work).toHaveBeenCalledTimes(1);
});

it('starts at once when its result is needed', () => {
  const work = vi.fn(() => undefined);
  const { get } = startSoon(work);
  get();
  vi.advanceTimersByTime(1000);
  expect(work).toHaveBeenCalledTimes(1);
});

it('never starts after a cancel, unless its result is needed', () => {
  const work = vi.fn(() => 1);
  const { get, made, cancel } = startSoon(work);
  cancel();
  vi.advanceTimersByTime(1000);
  expect(made()).toBeUndefined();
  expect(work).not.toHaveBeenCalled();
  expect(get()).toBe(1);
  expect(made()).toBe(1);
});

it('throws to the caller of get, not to the clock', () => {
  const { get } = startSoon(() => {
    throw new Error('no');
  });
  vi.advanceTimersByTime(1000);
  expect(get).toThrow('no');
});
