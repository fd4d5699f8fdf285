import type { Log } from '../../lib/log.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Lines of those who deliver: why they are answered so, the job has said. */
const ofDeliveries =
  /^(runJob answered|A job could not be dispatched|storage: event of .* not acknowledged \(status|Queue: \S+ answered)/;
/** Lines about an event or task that repeat the error of its job. */
const ofErrors = /^(?:Event comes again|Event failed|runJob refused|runJob failed): (?<error>.*)$/s;
const maxTold = 1000;

interface PeopleLogOptions {
  /** Where results are found. */
  readonly outputFolder: string;
  /** False where an emulator answers: then the list price is not asked for. */
  readonly hasCosts: boolean;
}

/**
 * A log for people: one sentence about each thing that becomes of a picture, and nothing twice. Lines about
 * other things pass as they are.
 */
export function peopleLog(log: Log, { outputFolder, hasCosts }: PeopleLogOptions): Log {
  const lastLines = new Map<string, string>();
  /** Errors that the lines of jobs told. */
  const told = new Set<string>();

  function writeJob(level: keyof Log, message: string, fields: JobFields): void {
    const { image, outcome, attempts } = fields;
    const last = lastLines.get(image);
    // The events of a picture and of its mask both find the job.
    if (outcome === 'published-before' && last?.startsWith('Done')) return;
    if (outcome === 'failed-before' && last?.startsWith('Failed')) return;
    if (outcome === 'put-off') {
      remember(message.slice(message.indexOf(': ') + 2));
      // A picture that waits is looked at again and again.
      if (attempts === undefined && last !== undefined) return;
    }
    const costs = hasCosts ? {} : { costEstimateUsd: 0 };
    const line = sentenceOf(message, { ...fields, ...costs }, outputFolder);
    if (line === undefined || last === line) return;
    lastLines.set(image, line);
    log[level](line);
  }

  function write(level: keyof Log, message: string, fields: Fields = {}): void {
    if (isOfJob(fields)) {
      writeJob(level, message, fields);
      return;
    }
    // At the end everything that was under way is cancelled.
    if (fields['code'] === 'CANCELLED') return;
    if (ofDeliveries.test(message) || told.has(ofErrors.exec(message)?.groups?.['error'] ?? '')) return;
    // Each sweep finds the same faults again.
    const { image } = fields;
    if (image !== undefined && told.has(`${message} ${image}`)) return;
    if (image !== undefined) remember(`${message} ${image}`);
    log[level](message, fields);
  }

  function remember(text: string): void {
    if (told.size >= maxTold) told.clear();
    told.add(text);
  }

  return {
    info: (message, fields) => write('info', message, fields as Fields),
    warn: (message, fields) => write('warn', message, fields as Fields),
    error: (message, fields) => write('error', message, fields as Fields),
  };
}

type JobFields = Fields & { readonly outcome: string; readonly image: string };

const isOfJob = (fields: Fields): fields is JobFields =>
  typeof fields['outcome'] === 'string' && typeof fields['image'] === 'string';

/** `undefined` for what nobody needs to know. */
function sentenceOf(message: string, fields: JobFields, outputFolder: string): string | undefined {
  const { image, outcome, code, reason } = fields;
  switch (outcome) {
    case 'published':
      return [`Done: ${image}, ${fields['ms']} ms`, ...costOf(fields), ...warningsOf(fields)].join('; ');
    case 'published-before':
      return `Done already: ${image}`;
    case 'failed':
      return `Failed: ${image}, ${code}${reason === undefined ? '' : `: ${reason}`}; see ${outputFolder}/${image}/`;
    case 'failed-before':
      return `Failed already: ${image}; see ${outputFolder}/${image}/`;
    case 'superseded':
      return `Replaced: ${image} was uploaded again meanwhile`;
    case 'put-off':
      if (code === 'BUSY') return undefined;
      if (code === 'CANCELLED') return `Stopped: ${image} goes on at the next start`;
      return `Waits: ${image}, ${code}: ${message.slice(message.indexOf(': ') + 2)}`;
    default:
      return `${message}: ${image}`;
  }
}

function costOf({ costEstimateUsd }: Fields): string[] {
  return typeof costEstimateUsd === 'number' && costEstimateUsd > 0
    ? [`list price about ${costEstimateUsd.toFixed(3)} USD`]
    : [];
}

const warningsOf = ({ warnings }: Fields): string[] =>
  Array.isArray(warnings) ? warnings.map((warning) => `note: ${String(warning)}`) : [];
