import { knownModels } from '../lib/engines/known-models.ts';
import type { ModelTable } from '../lib/engines/model-entry.ts';

/** Prices and ends of models change about twice a year. */
const maxAgeDays = 120;
const dayMs = 86_400_000;

/**
 * Why a release must wait, in sentences: prices that were read too long ago, and models that are called
 * current after their last day.
 *
 * @param nowMs milliseconds since the epoch.
 */
export function releaseFaults(table: ModelTable, nowMs: number): readonly string[] {
  return Object.entries(table).flatMap(([model, { state, usdPerImage, pricedOn, until }]) => {
    if (state !== 'current') return [];
    const ageDays = pricedOn === undefined ? Infinity : (nowMs - Date.parse(pricedOn)) / dayMs;
    const isStale = usdPerImage !== undefined && ageDays > maxAgeDays;
    const isGone = until !== undefined && nowMs >= Date.parse(until) + dayMs;
    return [
      ...(isStale
        ? [`${model}: expected prices of the last ${maxAgeDays} days, got ${pricedOn ?? 'none'}`]
        : []),
      ...(isGone ? [`${model}: expected a model that is served, got one promised until ${until}`] : []),
    ];
  });
}

/** Prices that nobody of this project has read in the list of the service. */
export const unreadPrices = (table: ModelTable): readonly string[] =>
  Object.entries(table).flatMap(([model, { state, usdPerImage, priceNote, source }]) => {
    if (state !== 'current' || usdPerImage === undefined) return [];
    const note = priceNote ?? (source === undefined ? 'from memory' : undefined);
    return note === undefined ? [] : [`${model}: ${note}${source === undefined ? '' : ` (${source})`}`];
  });

/** `npm run release`: what a release must not go out with. */
if (import.meta.main) {
  const faults = releaseFaults(knownModels, Date.now());
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) console.error('Read the prices again and correct lib/engines/known-models.ts.');
  else console.log('The table of models is new enough for a release.');
  const unread = unreadPrices(knownModels);
  if (unread.length > 0)
    console.log(`Prices that were not read in the list of the service:\n${unread.join('\n')}`);
  process.exitCode = faults.length > 0 ? 1 : 0;
}
