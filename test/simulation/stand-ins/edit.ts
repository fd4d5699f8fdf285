import type { Edit, EditorOptions, EditResult } from '../../../lib/edit.ts';
import type { InpaintRequest } from '../../../lib/engines/engine.ts';
import { EditError } from '../../../lib/errors.ts';
import { here, kill, machine } from '../machine.ts';

const decoder = new TextDecoder();
const bytesOf = (text: string) => new TextEncoder().encode(text);
const raster = (text: string, channels: 1 | 3) => ({ width: 1, height: 1, channels, data: bytesOf(text) });
const proof = { outside: 'exact', comparedPixels: 0, differingPixels: 0 };

/**
 * In the place of `lib/edit.ts`: pictures are texts. A text says how many regions it has, whether it is no
 * picture (`bomb`), and whether it kills the process (`poison`).
 */
export const editor =
  ({ engine }: EditorOptions): Edit =>
  async (input, signal) => {
    const image = decoder.decode(input.image);
    const mask = decoder.decode(input.mask);
    if (image.startsWith('bomb')) throw new EditError('IMAGE_UNREADABLE', 'Expected a picture, got a bomb');
    const instance = here.getStore();
    if (image.startsWith('poison') && instance !== undefined) {
      machine().tell(`${instance.name} dies of ${image}`);
      kill(instance);
      return new Promise<EditResult>(() => {});
    }
    const regions = Number(/(\d) regions/.exec(image)?.[1] ?? 1);
    const painted: string[] = [];
    for (let region = 0; region < regions; region++) {
      input.onStep?.('inpaint', { index: region + 1, of: regions });
      const key = `r${region}`;
      const crop = raster(`${image}|${mask}|${key}`, 3);
      const asked = { key, mode: 'removal', samples: 1, crop, mask: raster('', 1) };
      // Only what an engine of services reads.
      const { outcomes } = await engine.inpaint(asked as unknown as InpaintRequest, signal);
      const [first] = outcomes;
      if (first?.kind !== 'image') throw new EditError('ENGINE_REFUSED', 'Expected a picture, got none');
      painted.push(/painted [\w ]+/.exec(decoder.decode(first.image.bytes))?.[0] ?? 'nothing');
    }
    input.onStep?.('write');
    return resultOf([image, mask, ...painted].join('\n'), engine.name);
  };

/** Only the fields of the report that jobs read. */
function resultOf(text: string, engine: string): EditResult {
  const output = { bytes: bytesOf(text), mediaType: 'image/jpeg', extension: 'jpg', proof };
  const image = { format: 'jpeg', width: 1, height: 1 };
  const counts = { modelCalls: 1, maskCoverage: 1 };
  const lists = { warnings: [], droppedMetadata: [], regions: [], proofs: [proof] };
  const report = { engine, timingsMs: {}, image, ...counts, ...lists };
  return { outputs: [output], report } as unknown as EditResult;
}
