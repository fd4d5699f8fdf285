/**
 * One process of the edit bench: `node edit-child.ts floor|edit|both IMAGE MASK OUTPUT [rounds]`. Prints a
 * line of JSON: what each round of each took, less the time and work of the stand-in for the model. What the
 * edit does while it waits for that is in its CPU time alone, as nobody waits for it.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import type { InpaintEngine } from '../../lib/engines/engine.ts';
import { type Cost, costOf } from './watched.ts';

export interface ChildReport {
  readonly floors: readonly Cost[];
  readonly edits: readonly Cost[];
  /** The model alone, in each edit. */
  readonly models: readonly Cost[];
  /** The stages of the last edit. */
  readonly stagesMs: Readonly<Record<string, number>>;
}

const [what, imagePath, maskPath, outputPath, rounds = '1'] = process.argv.slice(2);
if (!(what && imagePath && maskPath && outputPath)) throw new Error('expected WHAT IMAGE MASK OUTPUT');
const image = await readFile(imagePath);
const mask = await readFile(maskPath);
const format = imagePath.endsWith('png') ? 'png' : 'jpeg';

const floors: Cost[] = [];
const edits: Cost[] = [];
const models: Cost[] = [];
/** A fast model of 2026 takes several times as long. */
const thinkingMs = 1000;
let stagesMs: Readonly<Record<string, number>> = {};
const edit = what === 'floor' ? undefined : await editorUnderTest();
for (let round = 0; round < Number(rounds); round++) {
  if (what !== 'edit') floors.push(await costOf(floor));
  if (!edit) continue;
  const { wallMs, cpuMs } = await costOf(edit);
  const model = models.at(-1)!;
  edits.push({ wallMs: wallMs - model.wallMs, cpuMs: cpuMs - model.cpuMs });
}
console.log(JSON.stringify({ floors, edits, models, stagesMs } satisfies ChildReport));

/** sharp as it comes, its defaults: decode and encode, nothing else. */
async function floor(): Promise<void> {
  const { default: sharp } = await import('sharp');
  await writeFile(outputPath!, await sharp(image, { limitInputPixels: false }).toFormat(format).toBuffer());
}

async function editorUnderTest(): Promise<() => Promise<void>> {
  const { editor } = await import('../../lib/edit.ts');
  const { parseRequest } = await import('../../lib/requests/edit-request.ts');
  const run = editor({
    engine: await standIn(),
    limits: { maxImageBytes: 1e9, maxImagePixels: 2.6e8 },
    defaults: { featherPx: 32, dilationPx: 0, modelDilation: 0.01, maxRegions: 4, maxTiles: 16 },
  });
  return async () => {
    const { outputs, report } = await run(
      { image, mask, request: parseRequest({}) },
      AbortSignal.timeout(600_000),
    );
    models.push({ ...models.pop()!, wallMs: report.timingsMs['inpaint'] ?? 0 });
    stagesMs = report.timingsMs;
    await writeFile(outputPath!, outputs[0]!.bytes);
  };
}

/** Answers what it was sent with the mask in one grey, after a second. */
async function standIn(): Promise<InpaintEngine> {
  const { sharp } = await import('../../lib/formats/vips/loaders.ts');
  return {
    name: 'stand-in',
    frames: { kind: 'free', maxSidePx: 1024 },
    async inpaint({ crop, mask: asked }) {
      const thought = setTimeout(thinkingMs);
      let bytes = new Uint8Array();
      const cost = await costOf(async () => {
        const data = Uint8Array.from(crop.data);
        asked?.data.forEach((value, p) => {
          if (value > 0) data.fill(128, p * 3, p * 3 + 3);
        });
        const raw = { width: crop.width, height: crop.height, channels: 3 } as const;
        bytes = Uint8Array.from(await sharp(data, { raw }).png({ compressionLevel: 1 }).toBuffer());
      });
      models.push(cost);
      await thought;
      return {
        outcomes: [{ kind: 'image', image: { bytes, mediaType: 'image/png' } }],
        warnings: [],
        calls: 1,
      };
    },
  };
}
