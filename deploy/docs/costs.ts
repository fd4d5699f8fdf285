import { knownModels } from '../../lib/engines/known-models.ts';
import type { ModelEntry } from '../../lib/engines/model-entry.ts';
import { imageSizes } from '../../lib/requests/values.ts';
import { markdownTable } from './markdown.ts';

const usd = (price: number | undefined) =>
  price === undefined ? '-' : String(Number((price * 1000).toFixed(1)));

/** Without a note they were read where `source` says. */
const howKnown = ({ priceNote, source }: Pick<ModelEntry, 'priceNote' | 'source'>): string => {
  const words = priceNote ?? (source === undefined ? 'from memory' : 'read');
  return source === undefined ? words : `[${words}](${source})`;
};

/** List prices of 1,000 edits of one call, for every model that edits. */
export function costsTable(): string {
  const edits = Object.entries(knownModels).filter(([, { apis }]) =>
    apis.some((api) => ['imagen', 'imagen2', 'gemini', 'endpoint'].includes(api)),
  );
  return markdownTable(
    ['model', ...imageSizes, 'state', 'served until', 'prices of', 'how they are known'],
    [
      ['`patchmatch` (embedded)', '0', '0', '0', 'current', '', '', ''],
      ...edits.map(
        ([model, { usdPerImage = {}, state = 'unknown', until = '', pricedOn = '', ...known }]) => [
          `\`${model}\``,
          ...imageSizes.map((size) => usd(usdPerImage[size])),
          state,
          until,
          pricedOn,
          howKnown(known),
        ],
      ),
    ],
  );
}

const pictures = 1e6;
const secondsOfJob = 20;
const requestsOfJob = 16;
const worker = { cpu: 2, gib: 4 };
/** Tasks of new uploads, which run beside the million. */
const liveAtOnce = 8;
const sweepSeconds = 600;
/** What one sweep can queue in 459 s: ten pictures at once, three requests of an assumed 150 ms for each. */
const maxJobsOfSweep = 10_200;

/** What must be set for a million pictures at different rates. */
export function scaleTable(): string {
  return markdownTable(
    [
      ...['`per_second`', 'days', 'calls a minute', '`at_once`', '`max_workers`', 'vCPU', 'GiB'],
      ...['storage requests a second', '`SWEEP_MAX_JOBS`'],
    ],
    [0.1, 0.5, 2, 10, 30].map((perSecond) => {
      const atOnce = perSecond * secondsOfJob;
      const workers = atOnce + liveAtOnce;
      const jobsOfSweep = perSecond * sweepSeconds;
      return [
        ...[perSecond, (pictures / perSecond / 86_400).toFixed(1), perSecond * 60, atOnce, workers],
        ...[workers * worker.cpu, workers * worker.gib, Number((perSecond * requestsOfJob).toFixed(1))],
        jobsOfSweep <= maxJobsOfSweep ? jobsOfSweep : '-',
      ].map(String);
    }),
  );
}
