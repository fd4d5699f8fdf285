import { expect, test } from 'vitest';
import { EditError } from '../../../../lib/errors.ts';
import { lateOr, maxPipelineSeconds, sharp } from '../../../../lib/formats/vips/loaders.ts';

test('every pipeline has an end', () => {
  const { options } = sharp(Buffer.of(1)) as unknown as { options: { timeoutSeconds: number } };
  expect(options.timeoutSeconds).toBe(maxPipelineSeconds);
});

test('a decoder that was too slow is no damage of the picture', () => {
  const failed = (message: string) =>
    new EditError('IMAGE_TRUNCATED', 'Expected a whole picture', { cause: new Error(message) });
  expect(lateOr(failed('timeout: 27% complete\nVipsImage: killed')).code).toBe('DEADLINE_EXCEEDED');
  expect(lateOr(failed('VipsJpeg: premature end')).code).toBe('IMAGE_TRUNCATED');
});
