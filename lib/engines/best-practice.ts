import type { InpaintMode } from './engine.ts';

interface EditPractice {
  readonly mode: InpaintMode;
  readonly prompt?: string | undefined;
}

/** Counts words by the rules of the language: Chinese and Japanese are written without spaces. */
function countWords(text: string): number {
  const segmenter = new Intl.Segmenter(undefined, { granularity: 'word' });
  return [...segmenter.segment(text)].filter(({ isWordLike }) => isWordLike).length;
}

/**
 * Warnings about what Google's guides on inserting and removing advise against; nothing here is an error.
 *
 * @see https://cloud.google.com/vertex-ai/generative-ai/docs/image/edit-insert-objects
 * @see https://cloud.google.com/vertex-ai/generative-ai/docs/image/edit-remove-objects
 */
export function practiceWarnings({ mode, prompt }: EditPractice): readonly string[] {
  const warnings: string[] = [];
  const text = prompt?.trim() ?? '';
  if (mode === 'insertion' && countWords(text) === 1) {
    warnings.push(
      'The prompt is a single word: describe the masked area, as in "a cute corgi on the grass".',
    );
  }
  if (mode === 'removal' && text !== '') {
    warnings.push(
      'A prompt was given for a removal: leave it out, except for large outdoor areas such as the sky.',
    );
  }
  return warnings;
}
