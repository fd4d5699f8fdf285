import { expect, it } from 'vitest';
import { editPrompt } from '../../../../lib/engines/gemini/prompt.ts';

const crop = { width: 1200, height: 896 };
const region = { left: 300, top: 224, width: 600, height: 448 };
const base = { region, crop, prompt: undefined, negativePrompt: undefined };

it('says for a removal where, what, and what must stay', () => {
  const text = editPrompt({ ...base, mode: 'removal' });
  expect(text).toContain('[250, 250, 750, 750]');
  expect(text).toContain('second image is the same photograph with one region marked in magenta');
  expect(text).toContain('Remove everything that is inside the marked region');
  expect(text).toContain('Put no new object there.');
  expect(text).toContain('Leave everything outside the marked region exactly as it is');
  expect(text).toContain('without any magenta mark');
  expect(text).not.toMatch(/undefined|Paint this|Avoid/);
});

it('says for a removal with a prompt what is there afterwards', () => {
  expect(editPrompt({ ...base, mode: 'removal', prompt: ' clear blue sky ' })).toContain(
    'After the removal the region shows: clear blue sky',
  );
});

it('says for an insertion what to paint, and what to avoid', () => {
  const text = editPrompt({ ...base, mode: 'insertion', prompt: 'a cute corgi', negativePrompt: 'leash' });
  expect(text).toContain('Paint this into the marked region, filling it naturally: a cute corgi');
  expect(text).toContain('Avoid: leash');
  expect(text).not.toContain('Remove everything');
});
