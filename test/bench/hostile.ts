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
import { type HostileRun, printRuns } from './hostile-tables.ts';
import { writeSideBySide } from './side-by-side.ts';

const behaviours: Readonly<Record<string, Behaviour>> = { ...disturbances, 'shift 120 px': farOff };
/** The longer side in which the emulated Imagen answers. */
const answerSidePx = 1024;
const outFolder = join(import.meta.dirname, '../../.local/hostile');
const limits = { maxImageBytes: 1e8, maxImagePixels: 1e8 };
/** As the service sets them. */
const defaults = { featherPx: 32, dilationPx: 0, modelDilation: 0.01, maxRegions: 4, maxTiles: 16 };

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
    const found = foundIn(result, behaviour);
    const changes = outsideChanges(before, after, mask);
    const leftPx = insideShiftPx(undisturbed, after, mask);
    runs.push({ photo, model, found: { ...found, changes, leftPx }, code: 'published' });
  }
  return runs;
}

function foundIn({ report: { regions, image } }: EditResult, behaviour: Behaviour) {
  const fits = regions.map(({ fits: [fit] }) => fit!);
  const largest = (key: 'driftPx' | 'ringBefore' | 'ringAfter' | 'seam') =>
    Math.max(...fits.map((fit) => fit[key]));
  return {
    isJpeg: image.format === 'jpeg',
    madePx: Math.max(...regions.map((region) => madeDriftPx(region, behaviour, answerSidePx))),
    reportedPx: largest('driftPx'),
    isRegistered: fits.every(({ isRegistered }) => isRegistered),
    ringBefore: largest('ringBefore'),
    ringAfter: largest('ringAfter'),
    seam: largest('seam'),
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

if (import.meta.main) {
  const asked = process.argv.slice(2);
  const pairs = photoPairs().filter(({ name }) => asked.length === 0 || asked.includes(name));
  if (pairs.length === 0) console.log('The photos are not here: nothing to disturb.');
  else await measure(pairs);
}
