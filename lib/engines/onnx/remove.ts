import { EditError } from '../../errors.ts';
import type { EngineCodec, InpaintEngine } from '../engine.ts';
import type { ReadObject } from '../entry.ts';
import { sidePx } from './contract.ts';
import { feedsOf, pictureOf } from './frame.ts';
import { type ModelFile, sizeOnDisk } from './model-file.ts';
import { withModel } from './session.ts';

interface OnnxOptions {
  readonly name: string;
  readonly file: ModelFile;
  readonly readObject: ReadObject | undefined;
  readonly codec: EngineCodec;
}

/**
 * Fills what is masked by a learned model, in a thread. The model sees at most 512 px; what it answers
 * outside the mask is not used.
 *
 * @throws {EditError} `MODEL_MISSING` when a file on disk is not there.
 */
export async function onnxRemoval({ name, file, readObject, codec }: OnnxOptions): Promise<InpaintEngine> {
  if (!file.model.startsWith('gs://')) await sizeOnDisk(file.model);
  return {
    name,
    frames: { kind: 'free', maxSidePx: sidePx },
    async inpaint({ crop, mask }, signal) {
      if (mask === undefined) throw new EditError('MASK_MISSING', `Expected a mask for ${name}, got none`);
      const picture = await withModel(
        { file, readObject },
        async (contract, ask) => pictureOf(await ask(feedsOf(crop, mask, contract)), crop, contract),
        signal,
      );
      const image = await codec.encode(picture);
      return { outcomes: [{ kind: 'image', image }], warnings: [], calls: 0 };
    },
  };
}
