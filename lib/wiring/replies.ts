import type { InpaintReply, InpaintRequest } from '../engines/engine.ts';

const decoded = async (bytes: Uint8Array) => (await import('../formats/vips/answer.ts')).decodeAnswer(bytes);

/** @throws {EditError} `ENGINE_BAD_REPLY` when a picture of the reply cannot be decoded. */
export async function checkReply({ outcomes }: InpaintReply): Promise<void> {
  for (const outcome of outcomes) if (outcome.kind === 'image') await decoded(outcome.image.bytes);
}

/**
 * False when an embedded engine has answered to a crop of another size, as version 0.1 cut them at the border
 * of a photo. Models answer in sizes of their own.
 */
export async function isAnswer(
  { calls, outcomes }: InpaintReply,
  { crop }: Pick<InpaintRequest, 'crop'>,
): Promise<boolean> {
  const image = outcomes.find((outcome) => outcome.kind === 'image')?.image;
  if (calls > 0 || image === undefined) return true;
  const { width, height } = await decoded(image.bytes);
  return width === crop.width && height === crop.height;
}
