import { z } from 'zod';
import { priceOf } from '../../lib/engines/engines.ts';
import { asEditError, EditError, errorCodes } from '../../lib/errors.ts';
import { parseRequest } from '../../lib/requests/edit-request.ts';
import { makeEngine } from '../../lib/wiring/engines.ts';
import { wire } from '../../lib/wiring.ts';
import { demoPair } from '../local/demo.ts';
import { type Fault, read, refused } from './google.ts';
import { bucketOf, type Check, deployAgain, isTrial, type Place } from './place.ts';
import { asksVertex } from './project.ts';

const lookEveryMs = 5000;
/** A cold start, a model call and the proof; a second cold start where there is a queue. */
const looksForDrop = 60;
/** A sweep leaves what is younger than two minutes to its event, and comes every ten. */
const looksForSweep = 60;
const callMs = 120_000;
const quiet = { info() {}, warn() {}, error() {} };

/** What makes calls of the model, and leaves a pair of pictures in the input bucket. */
export const tryOuts: readonly Check[] = [
  { title: 'one call of the model', faults: oneCall },
  { title: 'one sweep', faults: oneSweep },
  { title: 'one dropped pair, and its event', faults: oneDrop },
];

/**
 * What the try-outs cost by list price: a call from here and one by the deployment, both in 1K; 0 without a
 * model.
 */
export async function costUsd(place: Place): Promise<number | undefined> {
  if (!asksVertex(place)) return 0;
  const { name } = await makeEngine(place.config, place.config, {});
  const usd = priceOf(name, place.config)({ frame: { width: 1024, height: 1024 }, samples: 1 });
  return usd === undefined ? undefined : 2 * usd;
}

/** The body that jobs send, by the code that sends it. */
async function oneCall(place: Place): Promise<Fault[]> {
  if (!asksVertex(place)) return [];
  const edit = await wire(place.config, quiet).edit();
  const { photo: image, mask } = await demoPair();
  try {
    await edit({ image, mask, request: parseRequest({}) }, AbortSignal.timeout(callMs));
    return [];
  } catch (thrown) {
    const error = asEditError(thrown);
    return [{ message: `${error.code}: ${error.message}`, mend: error.remedy }];
  }
}

const objectsSchema = z.object({ items: z.array(z.object({ name: z.string() })).default([]) });
const errorFileSchema = z.object({ code: z.string(), message: z.string().default('') });

async function oneDrop(place: Place): Promise<Fault[]> {
  const input = bucketOf(place, 'input');
  const folder = `preflight/${new Date().toISOString().replaceAll(/[:.]/g, '-')}`;
  const pair = await demoPair();
  for (const [file, bytes] of [
    ['photo.mask.png', pair.mask],
    ['photo.png', pair.photo],
  ] as const) {
    const name = encodeURIComponent(`${folder}/${file}`);
    const url = `https://storage.googleapis.com/upload/storage/v1/b/${input}/o?uploadType=media&ifGenerationMatch=0&name=${name}`;
    const reply = await place.google(url, bytes);
    if (reply.status !== 200) {
      return [
        refused(
          reply,
          `to upload to ${input}`,
          'Sign in as an owner of the project: gcloud auth application-default login',
        ),
      ];
    }
  }
  const found = await ending(place, `${folder}/photo.png/`, looksForDrop);
  if (found !== undefined) return found.fault === undefined ? [] : [found.fault];
  return [await lost(place, folder)];
}

/** No result in time: the sweep tells whether the event was lost, or whether nothing is edited at all. */
async function lost(place: Place, folder: string): Promise<Fault> {
  const { project, region, name } = place;
  await oneSweep(place);
  const found = await ending(place, `${folder}/photo.png/`, looksForSweep);
  const logs = (own: string) =>
    `gcloud functions logs read ${name}-${own} --project=${project} --region=${region} --limit=20`;
  if (found === undefined) {
    const worker = isTrial(place) ? 'on-upload' : 'run-job';
    return {
      message: 'Expected a result of the dropped pair, got none by its event and none by a sweep',
      mend: logs(worker),
    };
  }
  return {
    message: 'Expected the event of the dropped pair to arrive, got its result from a sweep alone',
    mend: `${logs('on-upload')}; then ${deployAgain(place)}`,
  };
}

/** How the job of a picture ended; `undefined` when it did not within so many looks. */
async function ending(
  place: Place,
  prefix: string,
  looks: number,
): Promise<{ readonly fault?: Fault } | undefined> {
  const base = `https://storage.googleapis.com/storage/v1/b/${bucketOf(place, 'output')}/o`;
  for (let look = 0; look < looks; look++) {
    await place.wait(lookEveryMs);
    const listed = read(await place.google(`${base}?prefix=${encodeURIComponent(prefix)}`), objectsSchema);
    const names = listed?.items.map(({ name }) => name) ?? [];
    if (names.some((name) => name.endsWith('/manifest.json'))) return {};
    const failed = names.find((name) => name.endsWith('/error.json'));
    if (failed !== undefined) {
      const file = read(
        await place.google(`${base}/${encodeURIComponent(failed)}?alt=media`),
        errorFileSchema,
      );
      const code = errorCodes.find((one) => one === file?.code) ?? 'INTERNAL';
      const { remedy } = new EditError(code, '');
      return {
        fault: {
          message: `Expected a result of the dropped pair, got ${code}: ${file?.message}`,
          mend: remedy,
        },
      };
    }
  }
  return undefined;
}

const scheduleSchema = z.object({
  state: z.string().default('ENABLED'),
  lastAttemptTime: z.string().optional(),
  status: z.object({ code: z.number().default(0), message: z.string().default('') }).optional(),
});

/** Runs the schedule of the sweep, as the clock does. */
async function oneSweep(place: Place): Promise<Fault[]> {
  const { project, region, name, google } = place;
  const own = isTrial(place) ? `${name}-sweep-clock` : `${name}-sweep`;
  const url = `https://cloudscheduler.googleapis.com/v1/projects/${project}/locations/${region}/jobs/${own}`;
  const reply = await google(url);
  const before = read(reply, scheduleSchema);
  if (before === undefined) return [refused(reply, `the schedule ${own}`, deployAgain(place))];
  const where = `--project=${project} --location=${region}`;
  if (before.state !== 'ENABLED') {
    const message = `Expected the schedule ${own} to be enabled, got ${before.state}`;
    return [{ message, mend: `gcloud scheduler jobs resume ${own} ${where}` }];
  }
  const started = await google(`${url}:run`, {});
  if (started.status !== 200) {
    return [refused(started, `to run ${own}`, `gcloud scheduler jobs run ${own} ${where}`)];
  }
  const logs = `gcloud functions logs read ${name}-sweep --project=${project} --region=${region} --limit=20`;
  for (let look = 0; look < looksForSweep; look++) {
    await place.wait(lookEveryMs);
    const now = read(await google(url), scheduleSchema);
    if (now?.lastAttemptTime === undefined || now.lastAttemptTime === before.lastAttemptTime) continue;
    const { code = 0, message } = now.status ?? {};
    if (code === 0) return [];
    return [{ message: `Expected the sweep to end well, got status ${code} ${message}`, mend: logs }];
  }
  return [{ message: 'Expected the sweep to end within 5 minutes, got no end', mend: logs }];
}
