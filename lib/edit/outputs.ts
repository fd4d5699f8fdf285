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

/**
 * Puts a seal into an output that was proved, such as a signed statement of where it comes from: bytes in,
 * bytes out. It may add to the file, and changes no pixel: what it gives is proved again.
 */
export type Seal = (output: {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  /** True when a model painted some of it. */
  readonly isGenerated: boolean;
  /** The picture as it was sent. */
  readonly original: Uint8Array;
}) => Promise<Uint8Array>;

interface OutputOptions {
  readonly seal: Seal | undefined;
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

/** Writes an output for each candidate, proves it, and seals it where that is wanted. */
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
    const proofOf = (written: Written) =>
      step('prove', () => format.prove({ photo, written, patches, mask, isStrict }));
    const proved = await proofOf(output);
    const sealed = await sealedOf(options, { output, mediaType: format.mediaType, isGenerated });
    const proof = sealed === output ? proved : await proofOf(sealed);
    masks.push(mask);
    written.push({ dropped: output.dropped, notes: output.notes });
    const { mediaType, extension } = format;
    outputs.push({ mediaType, extension, bytes: sealed.bytes, proof });
  }
  return { outputs, written, mask: masks[0]! };
}

async function sealedOf(
  { seal, photo, step }: OutputOptions,
  made: { readonly output: Written; readonly mediaType: string; readonly isGenerated: boolean },
): Promise<Written> {
  const { output, ...facts } = made;
  if (seal === undefined) return output;
  const bytes = await step('seal', () => seal({ ...facts, bytes: output.bytes, original: photo.bytes }));
  return { ...output, bytes };
}

function maskFor({ mask, isGrown }: OutputOptions, patches: Parameters<typeof maskOfPatches>[0]): BoxedMask {
  if (mask === undefined) return maskOfPatches(patches);
  return isGrown ? unionOfMasks([mask, maskOfPatches(patches)]) : mask;
}
