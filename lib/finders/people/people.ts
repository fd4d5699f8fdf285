import { abortError } from '../../abort.ts';
import type { Mask } from '../../pixels/raster.ts';
import type { MaskFinder } from '../finder.ts';
import { netSidePx } from './net.ts';

/** The net sees every picture as 256 x 256: its edges are this far off at most, px of its mask. */
const netEdgePx = 1.5;
/** Most photos with people scored 0.84 and more; sheep and giraffes 0.75 and less, a wreck 0.80. */
const doubtfulScore = 0.83;
const doubtful = (score: number) =>
  `The finder is not sure that these are people (${score.toFixed(2)} of 1): look at the mask.`;

const onlyPeople =
  'The embedded finder knows people and prominent figures only (AUTO_MASK_PEOPLE_ONLY): look at the mask.';

/**
 * Finds people by a small net on this machine. The foreground is the people, the background all but them.
 *
 * @see https://storage.googleapis.com/mediapipe-assets/Model%20Card%20MediaPipe%20Selfie%20Segmentation.pdf
 */
export function peopleFinder(): MaskFinder {
  return {
    name: 'people',
    async find({ picture, wanted }, signal) {
      // The weights are loaded with the first picture.
      const { peopleIn } = await import('./people-in.ts');
      if (signal.aborted) throw abortError(signal, 'people to be found');
      const { mask, score } = peopleIn(picture);
      const isBackground = wanted.mode === 'background';
      if (isBackground) invert(mask);
      const isPeople = wanted.mode === 'people' || wanted.mode === 'semantic';
      return {
        masks: [{ mask, labels: [{ label: isBackground ? 'background' : 'person', score }] }],
        edgePx: (netEdgePx * Math.max(picture.width, picture.height)) / netSidePx,
        warnings: [...(isPeople ? [] : [onlyPeople]), ...(score < doubtfulScore ? [doubtful(score)] : [])],
        calls: 0,
      };
    },
  };
}

function invert({ data }: Mask): void {
  for (let i = 0; i < data.length; i++) data[i] = 255 - data[i]!;
}
