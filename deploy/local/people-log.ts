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
  /** The last line about each job. */
  const lastLines = new Map<string, string>();
  /** Errors that the lines of jobs told. */
  const told = new Set<string>();

  function writeJob(level: keyof Log, message: string, fields: JobFields): void {
    const job = String(fields['job'] ?? fields.image);
    const last = lastLines.get(job);
    if (fields.outcome === 'put-off') remember(message.slice(message.indexOf(': ') + 2));
    if (saysNothingNew(fields, last)) return;
    const costs = hasCosts ? {} : { costEstimateUsd: 0 };
    const line = sentenceOf(message, { ...fields, ...costs }, outputFolder);
    if (line === undefined || last === line) return;
    lastLines.set(job, line);
    log[level](line);
  }

  function write(level: keyof Log, message: string, fields: Fields = {}): void {
    if (isOfJob(fields)) {
      writeJob(level, message, fields);
      return;
    }
    if (ofDeliveries.test(message) || isTold(message, fields)) return;
    // Lines of edits over HTTP say there what kind of picture it was.
    if (typeof fields['image'] === 'string') remember(`${message} ${fields['image']}`);
    log[level](message, fields);
  }

  function isTold(message: string, { code, image }: Fields): boolean {
    const error = ofErrors.exec(message)?.groups?.['error'];
    // At the end everything that was under way is cancelled.
    if (error !== undefined) return told.has(error) || code === 'CANCELLED';
    // Each sweep finds the same faults again.
    return typeof image === 'string' && told.has(`${message} ${image}`);
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

/**
 * The events of a picture and of its mask both find its job; a job that waits is looked at again and again.
 */
function saysNothingNew({ outcome, attempts }: JobFields, last: string | undefined): boolean {
  if (last === undefined) return false;
  if (outcome === 'published-before') return last.startsWith('Done');
  if (outcome === 'failed-before') return last.startsWith('Failed');
  return outcome === 'put-off' && attempts === undefined;
}

/** `undefined` for what nobody needs to know. */
function sentenceOf(message: string, fields: JobFields, outputFolder: string): string | undefined {
  const { image, outcome, code, reason } = fields;
  switch (outcome) {
    case 'published':
      return [
        `Done: ${image}, ${fields['ms']} ms; see ${outputFolder}/${image}/${fields['job']}/`,
        ...costOf(fields),
        ...warningsOf(fields),
      ].join('; ');
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
