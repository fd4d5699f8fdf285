import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import timers from 'node:timers/promises';
import { after, machine } from './machine.ts';

/**
 * Puts the clock and the dice of the simulation in the place of those of Node, for good: this process does
 * nothing else. Code that asks Node for time or chance then gets what the seed says.
 */
export function replaceTimeAndChance(): void {
  const now = () => machine().nowMs;
  const RealDate = Date;
  globalThis.Date = class extends RealDate {
    constructor(...values: ConstructorParameters<typeof Date> | []) {
      if (values.length === 0) super(now());
      else super(...values);
    }
    static override now = now;
  } as DateConstructor;
  Object.defineProperty(performance, 'now', { value: now });
  Math.random = () => machine().draw.share();

  const cancels = new WeakMap<object, () => void>();
  const setTimer = (callback: (...values: unknown[]) => void, ms = 0, ...values: unknown[]) => {
    const handle = { unref: () => handle, ref: () => handle, hasRef: () => true };
    cancels.set(
      handle,
      after(ms, () => callback(...values)),
    );
    return handle;
  };
  globalThis.setTimeout = setTimer as unknown as typeof setTimeout;
  globalThis.clearTimeout = ((handle?: object) => {
    if (handle !== undefined) cancels.get(handle)?.();
  }) as typeof clearTimeout;
  AbortSignal.timeout = (ms) => {
    const controller = new AbortController();
    after(ms, () => controller.abort(new DOMException('The time is over', 'TimeoutError')));
    return controller.signal;
  };
  Object.assign(timers, { setTimeout: sleep });
  Object.assign(crypto, { randomUUID });
  // How many jobs run at once must not depend on the machine.
  Object.assign(os, { availableParallelism: () => 2 });
  syncBuiltinESMExports();
}

function sleep(ms: number, value: unknown, { signal }: { signal?: AbortSignal } = {}): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const cancel = after(ms, () => resolve(value));
    signal?.addEventListener('abort', () => {
      cancel();
      reject(signal.reason);
    });
  });
}

function randomUUID(): string {
  const digits = Array.from({ length: 32 }, () => machine().draw.below(16).toString(16)).join('');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
