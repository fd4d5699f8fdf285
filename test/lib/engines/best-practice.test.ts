import { expect, it } from 'vitest';
import { practiceWarnings } from '../../../lib/engines/best-practice.ts';

const insertion = (prompt: string) => practiceWarnings({ mode: 'insertion', prompt });

it.each(['corgi', ' Corgi! ', '草莓'])('warns of the one-word prompt %j', (prompt) => {
  expect(insertion(prompt)).toEqual([expect.stringContaining('single word')]);
});

it.each(['a cute corgi', '一隻可愛的柯基犬'])('is content with %j', (prompt) => {
  expect(insertion(prompt)).toEqual([]);
});

it('warns of a prompt for a removal, but not of an empty one', () => {
  const removal = (prompt: string | undefined) => practiceWarnings({ mode: 'removal', prompt });
  expect(removal('grass')).toEqual([expect.stringContaining('leave it out')]);
  expect(removal(' ')).toEqual([]);
  expect(removal(undefined)).toEqual([]);
});
