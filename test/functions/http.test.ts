import { http } from '@google-cloud/functions-framework';
import { afterEach, expect, test, vi } from 'vitest';
import { httpFunction } from '../../functions/http.ts';
import { stopwatch } from '../../lib/edit/stopwatch.ts';
import { jsonLog } from '../../lib/log.ts';
import { startTracing } from '../../lib/trace/tracing.ts';
import { serveFunction } from '../support/listening.ts';

afterEach(() => void vi.restoreAllMocks());

interface Served {
  readonly url: string;
  readonly lines: readonly Record<string, unknown>[];
}

async function serve(
  name: string,
  deadlineMs: number,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<Served> {
  const lines: Record<string, unknown>[] = [];
  const log = jsonLog({ stream: { write: (line) => void lines.push(JSON.parse(line)) } });
  const settings = { name, deadlineMs, log, tracing: startTracing() };
  http(
    name,
    httpFunction(settings, async (_, response, signal) => {
      await work(signal);
      return { send: () => response.json({}) };
    }),
  );
  return { url: await serveFunction(name), lines };
}

const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

test('answers 504 when the deadline passes between two steps, and reports no bug', async () => {
  const { url, lines } = await serve('late', 5, async (signal) => {
    const { step } = stopwatch(signal);
    await step('first', () => aborted(signal));
    await step('second', () => {});
  });
  const response = await fetch(url, { method: 'POST' });
  expect(response.status).toBe(504);
  expect(await response.json()).toMatchObject({ error: { code: 'DEADLINE_EXCEEDED' } });
  await vi.waitFor(() => expect(lines).toHaveLength(1));
  expect(lines[0]).toMatchObject({ severity: 'WARNING', code: 'DEADLINE_EXCEEDED' });
  expect(lines[0]).not.toHaveProperty('stack_trace');
});

test('cancels the work when the caller disconnects', async () => {
  const hangUp = new AbortController();
  const reasons: unknown[] = [];
  const { url, lines } = await serve('gone', 60_000, async (signal) => {
    hangUp.abort();
    await aborted(signal);
    reasons.push(signal.reason);
    signal.throwIfAborted();
  });
  await expect(fetch(url, { method: 'POST', signal: hangUp.signal })).rejects.toThrow();
  await vi.waitFor(() => expect(lines).toHaveLength(1));
  expect(lines[0]).toMatchObject({ severity: 'WARNING', code: 'CANCELLED' });
  expect(reasons).toEqual([expect.objectContaining({ code: 'CANCELLED' })]);
});

test('leaves no timer behind after an answer', async () => {
  const deadlineMs = 54_321;
  const started = vi.spyOn(globalThis, 'setTimeout');
  const cleared = vi.spyOn(globalThis, 'clearTimeout');
  const { url } = await serve('prompt', deadlineMs, async () => {});
  await (await fetch(url, { method: 'POST' })).json();
  const timers = started.mock.results.filter((_, i) => started.mock.calls[i]?.[1] === deadlineMs);
  expect(timers).toHaveLength(1);
  await vi.waitFor(() => expect(cleared).toHaveBeenCalledWith(timers[0]?.value));
});
