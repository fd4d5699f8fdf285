import type { Box, Size } from '../../pixels/raster.ts';
import { classNames } from '../../requests/mask-classes.ts';
import type { AutomaticMask, InpaintMode } from '../engine.ts';
import { markColour } from './mark-region.ts';

interface EditWording {
  readonly mode: InpaintMode;
  readonly prompt: string | undefined;
  readonly negativePrompt: string | undefined;
  /** Shadows and reflections are wanted gone, or painted, beside the region too. */
  readonly includesEffects?: true | undefined;
  /** Around the marked region, in pixels of the crop. */
  readonly region: Box;
  readonly crop: Size;
}

/** Gemini reads positions as `[top, left, bottom, right]` on a scale of 0 to 1000. */
function normalisedBox({ region, crop }: EditWording): string {
  const y = (value: number) => Math.round((value / crop.height) * 1000);
  const x = (value: number) => Math.round((value / crop.width) * 1000);
  const edges = [y(region.top), x(region.left), y(region.top + region.height), x(region.left + region.width)];
  return `[${edges.join(', ')}]`;
}

const removal = (prompt: string | undefined): readonly string[] => [
  'Remove everything that is inside the marked region, together with its shadow and reflection there, and continue the surroundings through the region, so that nobody could tell that something was there.',
  'Put no new object there.',
  ...(prompt ? [`After the removal the region shows: ${prompt}`] : []),
];

const effects: Readonly<Record<InpaintMode, string>> = {
  removal:
    'Remove also the parts of its shadow and of its reflection that lie outside the marked region; they may change nothing else.',
  insertion:
    'Let it cast its shadow and its reflection also outside the marked region; they may change nothing else.',
};

const insertion = (prompt: string): readonly string[] => [
  `Paint this into the marked region, filling it naturally: ${prompt}`,
  'Match the perspective, light, sharpness and grain of the photograph, and let the new content meet its surroundings without a seam.',
];

/**
 * The prompt for a model without masks. The picture comes first, its marked copy second. A model may overlook
 * a second image, so the prompt also gives the region as a box and in words, and says what must stay as
 * plainly as what shall change.
 */
export function editPrompt(wording: EditWording): string {
  const { mode, negativePrompt } = wording;
  const prompt = wording.prompt?.trim();
  const avoid = negativePrompt?.trim();
  return [
    `The first image is a photograph. The second image is the same photograph with one region marked in ${markColour.name}; the mark shows where to edit and is not part of the photograph.`,
    `The marked region lies in the box ${normalisedBox(wording)} ([top, left, bottom, right] on a scale of 0 to 1000).`,
    'Edit the first image:',
    ...(mode === 'removal' ? removal(prompt) : insertion(prompt ?? '')),
    ...(wording.includesEffects ? [effects[mode]] : []),
    ...(avoid ? [`Avoid: ${avoid}`] : []),
    `Leave everything ${wording.includesEffects ? 'else ' : ''}outside the marked region exactly as it is: the same framing, position and scale of every object, the same colours, light and sharpness. Do not crop, zoom, shift, rotate, relight or restyle the photograph.`,
    `Answer with the edited photograph only, in the same framing as the first image, without any ${markColour.name} mark.`,
  ].join('\n');
}

/**
 * The prompt for the whole picture with something gone, whose place is found by what changed. The model sees
 * no mark, so it is told as plainly what must stay.
 */
export function findingPrompt(wanted: AutomaticMask): string {
  return [
    `Remove from this photograph: ${nameOf(wanted)}.`,
    'Remove it completely, together with its shadow and reflection, and continue the surroundings there, so that nobody could tell that something was there.',
    'Put no new object there, and remove nothing else.',
    'Leave everything else exactly as it is: the same framing, position and scale of every object, the same colours, light and sharpness. Do not crop, zoom, shift, rotate, relight or restyle the photograph.',
    'Answer with the edited photograph only, in the same framing.',
  ].join('\n');
}

function nameOf({ mode, classes, words }: AutomaticMask): string {
  if (mode === 'semantic') return classNames(classes).join(', ');
  if (mode === 'people') return 'every person, with what they wear and hold';
  return mode === 'prompt' && words !== undefined ? words : 'the main subject or subjects in the foreground';
}
