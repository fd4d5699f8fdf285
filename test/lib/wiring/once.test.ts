import { expect, it } from 'vitest';
import { once, onceForEach } from '../../../lib/wiring/once.ts';

it('makes one part for each key, also for concurrent callers', async () => {
  const each = onceForEach<string>();
  let made = 0;
  const make = async () => {
    await Promise.resolve();
    return `part ${++made}`;
  };
  expect(await Promise.all([each('a', make), each('a', make), each('b', make)])).toEqual([
    'part 1',
    'part 1',
    'part 2',
  ]);
  expect(await each('a', make)).toBe('part 1');
});

it('does not remember a failure', async () => {
  let tries = 0;
  const part = once(async () => {
    if (++tries === 1) throw new Error('not yet');
    return tries;
  });
  await expect(Promise.all([part(), part()])).rejects.toThrow('not yet');
  expect(await Promise.all([part(), part()])).toEqual([2, 2]);
});
