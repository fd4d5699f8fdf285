import { expect, test } from 'vitest';
import { atMost, editsThatFit } from '../../functions/at-once.ts';
import { registerFunctions } from '../../functions/register.ts';
import { readConfig } from '../../lib/config.ts';
import { EditError } from '../../lib/errors.ts';
import { wire } from '../../lib/wiring.ts';
import { silentLog } from '../support/job-world.ts';
import { serveFunction } from '../support/listening.ts';

test('counts edits by memory, and allows one in any', () => {
  const gibibyte = 1024 ** 3;
  expect([0.5, 2, 4, 32].map((size) => editsThatFit(size * gibibyte))).toEqual([1, 1, 2, 21]);
});

test('lets the next one in when one has ended, also in an error', async () => {
  const atOnce = atMost(1);
  await expect(atOnce(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(await atOnce(async () => 'done')).toBe('done');
});

test('answers 429 with Retry-After while as many edits run as may', async () => {
  const [started, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const wiring = wire(readConfig({ MAX_CONCURRENT_EDITS: '1' }), silentLog);
  const edit = async () => {
    started.resolve();
    await release.promise;
    throw new EditError('MASK_EMPTY', 'Expected a mask, got an empty one');
  };
  registerFunctions({ ...wiring, edit: async () => edit });
  const url = await serveFunction('edit');
  const ask = () => {
    const body = new FormData();
    body.set('image', new Blob([Uint8Array.of(1)]), 'f');
    return fetch(url, { method: 'POST', body });
  };
  const first = ask();
  await started.promise;
  const second = await ask();
  expect(second.status).toBe(429);
  expect(second.headers.get('retry-after')).toBe('2');
  expect(await second.json()).toMatchObject({ code: 'TOO_BUSY', retryAfterMs: 2000 });
  release.resolve();
  expect((await first).status).toBe(422);
});
