/**
 * Each photo through the whole edit, the production adapter and the wire protocol, with a model that moves,
 * zooms, brightens, resizes or recompresses the picture: what of it reaches the result. `node
 * test/bench/hostile.ts [photo ...]`
 *
 * Results are left in `.local/hostile/`, each beside the photo and the answer without the disturbance.
 */
import { join } from 'node:path';
import { patchmatchRemoval, type Removal } from '../../deploy/local/model/painting.ts';
import type { Rgb } from '../../deploy/local/model/pixels.ts';
import { hashOf } from '../../deploy/local/model/random.ts';
import { type Edit, type EditResult, editor } from '../../lib/edit.ts';
import { engineFor } from '../../lib/engines/engines.ts';
import { EditError } from '../../lib/errors.ts';
import { engineCodec } from '../../lib/formats/vips/engine-codec.ts';
import { boundingBox, crop, grow } from '../../lib/pixels/box.ts';
import { parseRequest } from '../../lib/requests/edit-request.ts';
import { decodedValues } from '../support/decoded-values.ts';
import { type FaultyModel, startFaultyModel } from '../support/faulty-model.ts';
import { disturbances, farOff, insideShiftPx, madeDriftPx, outsideChanges } from '../support/hostile.ts';
import type { Behaviour } from '../support/model-behaviour.ts';
import { type PhotoPair, photoPairs, readPair } from '../support/photos.ts';
import { markdownTable } from './markdown.ts';
import { writeSideBySide } from './side-by-side.ts';

const behaviours: Readonly<Record<string, Behaviour>> = { ...disturbances, 'shift 120 px': farOff };
/** The longer side in which the emulated Imagen answers. */
const answerSidePx = 1024;
const outFolder = join(import.meta.dirname, '../../.local/hostile');
const limits = { maxImageBytes: 1e8, maxImagePixels: 1e8 };
/** As the service sets them. */
const defaults = { featherPx: 32, dilationPx: 0, modelDilation: 0.01, maxRegions: 4, maxTiles: 16 };

/** What came of one photo and one behaviour. */
interface HostileRun {
  readonly photo: string;
  readonly model: string;
  /** `undefined`: nothing was published, for the reason of `code`. */
  readonly found: Found | undefined;
  readonly code: string;
}

/** With several regions, each field has the largest value among them. */
interface Found {
  /** Values; of a JPEG those that share no block of coefficients with the mask. */
  readonly changedOutside: number;
  readonly madePx: number;
  readonly reportedPx: number;
  readonly leftPx: number | undefined;
  readonly ringAfter: number;
}

async function measure(pairs: readonly PhotoPair[]): Promise<void> {
  const emulator = await startFaultyModel({ removal: onceFor(patchmatchRemoval), scale: 1 });
  const runs: HostileRun[] = [];
  try {
    for (const pair of pairs) runs.push(...(await runsOf(pair, emulator)));
  } finally {
    await emulator.close();
  }
  printRuns(runs);
}

/** The same question is answered by the same picture: only what disturbs it differs. */
function onceFor(removal: Removal): Removal {
  const answers = new Map<number, Promise<Rgb>>();
  return (picture, mask, signal) => {
    const key = hashOf(picture.data, mask.data);
    const answer = answers.get(key) ?? removal(picture, mask, signal);
    answers.set(key, answer);
    return answer;
  };
}

async function runsOf(pair: PhotoPair, emulator: FaultyModel): Promise<HostileRun[]> {
  const photo = pair.name;
  const { image, maskFile, before, mask } = await readPair(pair);
  const edit = await imagenEdit(emulator);
  const run = (behaviour: Behaviour): Promise<EditResult> => {
    emulator.behave(behaviour);
    return edit({ image, mask: maskFile, request: parseRequest({}) }, AbortSignal.timeout(120_000));
  };
  const undisturbed = await decodedValues((await run({ exact: true })).outputs[0]!.bytes);
  const runs: HostileRun[] = [];
  for (const [model, behaviour] of Object.entries(behaviours)) {
    const result = await run(behaviour).catch(codeOf);
    if (typeof result === 'string') {
      runs.push({ photo, model, found: undefined, code: result });
      continue;
    }
    const after = await decodedValues(result.outputs[0]!.bytes);
    const around = grow(boundingBox(mask)!, 60, mask);
    const pictures = [before, undisturbed, after].map((picture) => crop(picture, around));
    await writeSideBySide(outFolder, `${photo}-${model}`, pictures);
    const changes = outsideChanges(before, after, mask);
    const changedOutside = result.report.image.format === 'jpeg' ? changes.elsewhere : changes.outside;
    const leftPx = insideShiftPx(undisturbed, after, mask);
    const found = { ...foundIn(result, behaviour), changedOutside, leftPx };
    runs.push({ photo, model, found, code: 'published' });
  }
  return runs;
}

function foundIn({ report: { regions } }: EditResult, behaviour: Behaviour) {
  const fits = regions.map(({ fits: [fit] }) => fit!);
  const largest = (key: 'driftPx' | 'ringAfter') => Math.max(...fits.map((fit) => fit[key]));
  return {
    madePx: Math.max(...regions.map((region) => madeDriftPx(region, behaviour, answerSidePx))),
    reportedPx: largest('driftPx'),
    ringAfter: largest('ringAfter'),
  };
}

async function imagenEdit(emulator: FaultyModel): Promise<Edit> {
  const engine = await engineFor(
    { engine: 'imagen', model: undefined },
    { project: 'p', location: undefined, modelBaseUrl: emulator.url, endpointId: undefined, models: {} },
    { codec: engineCodec, tuning: {} },
  );
  return editor({ engine, limits, defaults });
}

function codeOf(error: unknown): string {
  if (error instanceof EditError) return error.code;
  throw error;
}

/** Prints the worst of each behaviour as Markdown. */
function printRuns(runs: readonly HostileRun[]): void {
  console.log(
    `### The worst of ${new Set(runs.map(({ photo }) => photo)).size} photos\n\n${worstTable(runs)}`,
  );
  console.log(
    '\nValues outside: of a JPEG those that share no block of coefficients with the mask. Drift: the farthest any point of the crop was\n' +
      'moved, px of the picture, as the model made it and as the manifest tells it. Shift left: inside the mask, against the same answer\n' +
      'undisturbed. Ring: low-passed difference on the surroundings of the mask before and after correction, levels.',
  );
}

function worstTable(runs: readonly HostileRun[]): string {
  const rows = [...new Set(runs.map(({ model }) => model))].map((model) => {
    const mine = runs.filter((run) => run.model === model);
    const found = mine.flatMap((run) => run.found ?? []);
    const worst = (value: (one: Found) => number) =>
      found.length === 0 ? '' : Math.max(...found.map(value)).toFixed(2);
    return [
      model,
      found.length === 0 ? '' : String(found.reduce((sum, one) => sum + one.changedOutside, 0)),
      worst(({ madePx }) => madePx),
      worst(({ madePx, reportedPx }) => Math.abs(madePx - reportedPx)),
      worst(({ leftPx }) => leftPx ?? 0),
      worst(({ ringAfter }) => ringAfter),
      [...new Set(mine.map(({ code }) => `${mine.filter((run) => run.code === code).length} ${code}`))].join(
        ', ',
      ),
    ];
  });
  const drift = ['drift made, px', 'error of the drift reported', 'shift left inside, px'];
  return markdownTable(['model', 'values changed outside', ...drift, 'ring after', 'ends'], rows);
}

if (import.meta.main) {
  const asked = process.argv.slice(2);
  const pairs = photoPairs().filter(({ name }) => asked.length === 0 || asked.includes(name));
  if (pairs.length === 0) console.log('The photos are not here: nothing to disturb.');
  else await measure(pairs);
}
