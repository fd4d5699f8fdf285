import { expect, test } from 'vitest';
import { checkReply, isAnswer } from '../../../lib/wiring/replies.ts';
import { greyCrop } from '../../support/inpaint-request.ts';
import { pipelineOf } from '../../support/pictures.ts';

const replyOf = async (width: number, height: number, calls: number) => {
  const bytes = await pipelineOf(greyCrop(width, height)).png().toBuffer();
  const image = { bytes, mediaType: 'image/png' };
  return { outcomes: [{ kind: 'image', image } as const], warnings: [], calls };
};

test('only an embedded engine must have answered in the size of the crop', async () => {
  const request = { crop: greyCrop(12, 9) };
  expect(await isAnswer(await replyOf(12, 9, 0), request)).toBe(true);
  expect(await isAnswer(await replyOf(12, 12, 0), request)).toBe(false);
  expect(await isAnswer(await replyOf(12, 12, 1), request)).toBe(true);
});

test('a reply whose picture cannot be decoded is refused', async () => {
  const image = { bytes: Buffer.from('no picture'), mediaType: 'image/png' };
  const reply = { outcomes: [{ kind: 'image', image } as const], warnings: [], calls: 1 };
  await expect(checkReply(reply)).rejects.toMatchObject({ code: 'ENGINE_BAD_REPLY' });
});
