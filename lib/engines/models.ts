import type { Size } from '../pixels/raster.ts';
import { type ImageSize, imageSizes } from '../requests/values.ts';
import { frameFor, geminiFrames } from './gemini-frames.ts';
import { knownModels } from './known-models.ts';
import type { ModelEntry, ModelTable } from './model-entry.ts';

/** The entry of a model: configuration first, then the table; `undefined` for ids nobody has described. */
export function modelEntry(model: string, overrides: ModelTable = {}): ModelEntry | undefined {
  return lookUp(overrides, model) ?? lookUp(knownModels, model);
}

function lookUp(table: ModelTable, model: string): ModelEntry | undefined {
  return Object.hasOwn(table, model) ? table[model] : undefined;
}

const dayMs = 86_400_000;
/** So long before a model may go, people are told. */
const noticeDays = 90;

/**
 * What a person should know before choosing a model: that it is retired, or will be soon. Never a reason to
 * refuse it: some projects are served longer than others.
 *
 * @param nowMs milliseconds since the epoch.
 */
export function modelNotices(model: string, entry: ModelEntry | undefined, nowMs: number): readonly string[] {
  const { state, until, successor } = entry ?? {};
  const next = successor === undefined ? '' : ` Set MODEL to ${successor} when it is gone.`;
  if (state === 'retired') return [`${model} is retired: only some projects are still served.${next}`];
  if (until === undefined || Date.parse(until) - nowMs > noticeDays * dayMs) return [];
  return [`${model} is promised until ${until} only.${next}`];
}

/** Longer sides of the largest usual answers (21:9) sold as 1K and as 2K, pixels. */
const maxSideOf1K = 1584;
const maxSideOf2K = 2 * maxSideOf1K;

/** The size that is asked for: a Gemini model answers a crop of 3,000 px in 4K, as 2K does not cover it. */
function sizeAskedFor(entry: ModelEntry | undefined, frame: Size): ImageSize {
  if (entry?.apis.includes('gemini')) return frameFor(frame, geminiFrames(entry)).imageSize;
  const side = Math.max(frame.width, frame.height);
  return side <= maxSideOf1K ? '1K' : side <= maxSideOf2K ? '2K' : '4K';
}

/**
 * List price of `images` answers to a crop, USD. A model without a price for the size is estimated by its
 * next larger one, else by its highest; `undefined` where no price is known.
 */
export function estimateUsd(entry: ModelEntry | undefined, frame: Size, images: number): number | undefined {
  const size = sizeAskedFor(entry, frame);
  const prices = entry?.usdPerImage ?? {};
  const larger = imageSizes.slice(imageSizes.indexOf(size)).map((name) => prices[name]);
  const price = larger.find((usd) => usd !== undefined) ?? prices['2K'] ?? prices['1K'];
  return price === undefined ? undefined : price * images;
}

/**
 * Tokens that a call takes beside those of its picture, at the most that was seen: two pictures of 1,290, a
 * prompt, and words and short thoughts.
 */
const sideTokens = { input: 4000, text: 1000 };

/**
 * The most that `images` answers cost, USD, each in a call of its own: their pictures, and all that is
 * beside.
 */
export function mostUsd(...[entry, frame, images]: Parameters<typeof estimateUsd>): number | undefined {
  const pictures = estimateUsd(entry, frame, images);
  const { input = 0, text = 0 } = entry?.usdPerMillionTokens ?? {};
  const beside = (sideTokens.input * input + sideTokens.text * text) / 1e6;
  return pictures === undefined ? undefined : pictures + beside * images;
}
