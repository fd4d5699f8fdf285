/**
 * One process of the edit bench: `node edit-child.ts floor|edit|both IMAGE MASK OUTPUT [rounds]`. Prints a
 * line of JSON: what each round of each took, the edit less the time of the stand-in for the model. What the
 * edit does while it waits for that is not in its time, as nobody waits for it; it is in its CPU time.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import type { InpaintEngine } from '../../lib/engines/engine.ts';

export interface ChildReport {
  readonly floorMs: readonly number[];
  readonly editMs: readonly number[];
  readonly modelMs: readonly number[];
  /** The model alone: the edit works on while it waits. */
  readonly modelCpuMs: readonly number[];
  /** The stages of the last edit. */
  readonly stagesMs: Readonly<Record<string, number>>;
}

const [what, imagePath, maskPath, outputPath, rounds = '1'] = process.argv.slice(2);
if (!(what && imagePath && maskPath && outputPath)) throw new Error('expected WHAT IMAGE MASK OUTPUT');
const image = await readFile(imagePath);
const mask = await readFile(maskPath);
const format = imagePath.endsWith('png') ? 'png' : 'jpeg';

const floorMs: number[] = [];
const editMs: number[] = [];
const modelMs: number[] = [];
const modelCpuMs: number[] = [];
/** A fast model of 2026 takes several times as long. */
const thinkingMs = 1000;
let stagesMs: Readonly<Record<string, number>> = {};
const edit = what === 'floor' ? undefined : await editorUnderTest();
for (let round = 0; round < Number(rounds); round++) {
  if (what !== 'edit') floorMs.push(await timed(floor));
  if (edit) editMs.push((await timed(edit)) - modelMs.at(-1)!);
}
const report: ChildReport = { floorMs, editMs, modelMs, modelCpuMs, stagesMs };
console.log(JSON.stringify(report));

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
    modelMs.push(report.timingsMs['inpaint'] ?? 0);
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
      const before = process.cpuUsage();
      const data = Uint8Array.from(crop.data);
      asked?.data.forEach((value, p) => {
        if (value > 0) data.fill(128, p * 3, p * 3 + 3);
      });
      const { width, height } = crop;
      const bytes = await sharp(data, { raw: { width, height, channels: 3 } })
        .png({ compressionLevel: 1 })
        .toBuffer();
      const { user, system } = process.cpuUsage(before);
      modelCpuMs.push((user + system) / 1000);
      await thought;
      return {
        outcomes: [{ kind: 'image', image: { bytes, mediaType: 'image/png' } }],
        warnings: [],
        calls: 0,
      };
    },
  };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}
