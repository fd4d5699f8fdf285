import { Worker } from 'node:worker_threads';
import { abortError } from '../../abort.ts';
import { EditError } from '../../errors.ts';
import { boundingBox, boxOf, crop as cut, grow } from '../../pixels/box.ts';
import { unionOfMasks } from '../../pixels/boxed-mask.ts';
import type { Box, Mask, Raster, Size } from '../../pixels/raster.ts';
import { rescale } from '../../pixels/resample.ts';
import type { MaskFinder } from '../finder.ts';
import { netSidePx } from './net.ts';
import type { PeopleTask } from './people-worker.ts';
import { surely } from './surely.ts';

/** The worker beside this file: `.ts` where Node runs the sources, `.js` in the built package. */
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const workerUrl = new URL(`./people-worker.${extension}`, import.meta.url);

/** The net sees every picture as 256 x 256: its edges are this far off at most, px of its mask. */
const netEdgePx = 1.5;
/** The second look is at what was found, with this share of its longer side around it. */
const aroundShare = 0.2;
/** It shows more only where it takes less than this share of the picture. */
const closerShare = 0.9;

const onlyPeople =
  'The embedded finder knows people and prominent figures only (AUTO_MASK_PEOPLE_ONLY): look at the mask.';

/**
 * Finds people by a small net on this machine: in the whole picture, then in the part where it found some,
 * which shows limbs better. The foreground is the people, the background all but them.
 *
 * @see https://storage.googleapis.com/mediapipe-assets/Model%20Card%20MediaPipe%20Selfie%20Segmentation.pdf
 */
export function peopleFinder(): MaskFinder {
  return {
    name: 'people',
    async find({ picture, wanted }, signal) {
      const first = await look(picture, boxOf(picture), signal);
      const closer = partOfInterest(first, picture);
      const both = closer ? largerOf(first, closer, await look(picture, closer, signal)) : first;
      const mask = surely(both);
      const isBackground = wanted.mode === 'background';
      if (isBackground) invert(mask);
      const isPeople = wanted.mode === 'people' || wanted.mode === 'semantic';
      return {
        masks: [{ mask, labels: [{ label: isBackground ? 'background' : 'person' }] }],
        edgePx: (netEdgePx * Math.max(picture.width, picture.height)) / netSidePx,
        grownPx: 0,
        warnings: isPeople ? [] : [onlyPeople],
        calls: 0,
      };
    },
  };
}

/** What the net finds in a box of the picture, at the size of the box. */
async function look(picture: Raster, box: Box, signal: AbortSignal): Promise<Mask> {
  const { width, height } = box;
  const seen = rescale(cut(picture, box), { width: netSidePx, height: netSidePx }, 'area');
  const found = await findInWorker(seen.data, signal);
  const small = { width: netSidePx, height: netSidePx, channels: 1, data: found };
  return { width, height, channels: 1, data: rescale(small, { width, height }, 'area').data };
}

function partOfInterest(found: Mask, picture: Size): Box | undefined {
  const box = boundingBox({ ...found, data: found.data.map((level) => (level >= 128 ? 255 : 0)) });
  if (box === undefined) return undefined;
  const closer = grow(box, Math.ceil(aroundShare * Math.max(box.width, box.height)), picture);
  const share = (closer.width * closer.height) / (picture.width * picture.height);
  return share < closerShare ? closer : undefined;
}

/** The larger value of two looks. @param closer the second look, at `box` of the first. */
function largerOf(whole: Mask, box: Box, closer: Mask): Mask {
  return unionOfMasks([
    { box: boxOf(whole), mask: whole },
    { box, mask: closer },
  ]).mask;
}

function invert({ data }: Mask): void {
  for (let i = 0; i < data.length; i++) data[i] = 255 - data[i]!;
}

/** Runs the net in a thread of its own, so that the event loop keeps answering. */
function findInWorker(task: PeopleTask, signal: AbortSignal): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  if (signal.aborted) {
    reject(abortError(signal, 'people to be found'));
    return promise;
  }
  const worker = new Worker(workerUrl);
  const abort = () => {
    reject(abortError(signal, 'people to be found'));
    void worker.terminate();
  };
  signal.addEventListener('abort', abort, { once: true });
  worker.once('message', resolve);
  worker.once('error', (cause) =>
    reject(new EditError('INTERNAL', 'Expected people to be found, got a crash of the worker', { cause })),
  );
  worker.once('exit', (code) => {
    signal.removeEventListener('abort', abort);
    // Only the first settlement counts: after an answer or an abort this does nothing.
    reject(new EditError('INTERNAL', `Expected an answer of the worker, got its end with code ${code}`));
  });
  worker.postMessage(task);
  return promise;
}
