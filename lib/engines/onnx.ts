import { basename } from 'node:path';
import { EditError } from '../errors.ts';
import type { InpaintEngine } from './engine.ts';
import type { EngineEntry, EngineOptions } from './entry.ts';

/** A learned removal from the user's own file, on this machine: LaMa, MI-GAN, and what is built like them. */
export const onnx: EngineEntry = {
  capabilities: {
    modes: ['removal'],
    masks: 'native',
    maxCallsPerSample: 0,
    // The same picture gives the same answer.
    options: { samples: { range: [1, 1] } },
  },
  make: onnxEngine,
  usdPerCall: () => 0,
};

async function onnxEngine({ model, settings, codec, tuning }: EngineOptions): Promise<InpaintEngine> {
  const { onnx: file } = settings;
  if (file?.model === undefined) {
    throw new EditError('CONFIG_INVALID', 'Expected ONNX_MODEL for the engine onnx, got none');
  }
  const name = `onnx:${basename(file.model.replace(/#\d+$/, ''))}`;
  if (model !== undefined) {
    throw new EditError('CONFIG_INVALID', `Expected no model for the engine ${name}, got ${model}`);
  }
  const { onnxRemoval } = await import('./onnx/remove.ts');
  return onnxRemoval({ name, file: { ...file, model: file.model }, readObject: tuning.readObject, codec });
}
