import type { EncodedImage } from '../engines/engine.ts';
import type { Proof, Written } from '../formats/format.ts';
import type { Source } from '../formats/vips/read.ts';
import { type BoxedMask, unionOfMasks } from '../pixels/boxed-mask.ts';
import { maskOfPatches, patchesOfOutputs } from './patches.ts';
import type { Repainted } from './repaint.ts';
import type { Step } from './stopwatch.ts';
import { type OutputFormat, writeOutput } from './write.ts';

export interface EditOutput extends EncodedImage {
  /** Without the dot, for the name of the output object. */
  readonly extension: string;
  /** Result of comparing this output with the input outside the effective mask. */
  readonly proof: Proof;
}

interface OutputOptions {
  readonly photo: Source;
  readonly regions: readonly Repainted[];
  /** The effective mask; `undefined` where each answer has its own. */
  readonly mask: BoxedMask | undefined;
  /** Answers may change more than the mask: see `effects`. */
  readonly isGrown: boolean;
  readonly outputFormat: OutputFormat;
  readonly isStrict: boolean;
  readonly step: Step;
}

interface MadeOutputs {
  readonly outputs: readonly EditOutput[];
  /** One for each output: metadata left out, and further warnings. */
  readonly written: readonly Pick<Written, 'dropped' | 'notes'>[];
  /** What the first output was allowed to change. */
  readonly mask: BoxedMask;
}

/** Writes an output for each candidate, and proves it. */
export async function makeOutputs(options: OutputOptions): Promise<MadeOutputs> {
  const { photo, regions, outputFormat, isStrict, step } = options;
  const { format } = outputFormat;
  const isGenerated = regions.some(({ calls }) => calls > 0);
  const outputs: EditOutput[] = [];
  const written: Pick<Written, 'dropped' | 'notes'>[] = [];
  const masks: BoxedMask[] = [];
  for (const patches of patchesOfOutputs(regions.map((region) => region.patches))) {
    const output = await step('write', () =>
      writeOutput(outputFormat, { photo, patches, isGenerated, isStrict }),
    );
    const mask = maskFor(options, patches);
    const proof = await step('prove', () =>
      format.prove({ photo, written: output, patches, mask, isStrict }),
    );
    masks.push(mask);
    written.push({ dropped: output.dropped, notes: output.notes });
    const { mediaType, extension } = format;
    outputs.push({ mediaType, extension, bytes: output.bytes, proof });
  }
  return { outputs, written, mask: masks[0]! };
}

function maskFor({ mask, isGrown }: OutputOptions, patches: Parameters<typeof maskOfPatches>[0]): BoxedMask {
  if (mask === undefined) return maskOfPatches(patches);
  return isGrown ? unionOfMasks([mask, maskOfPatches(patches)]) : mask;
}
