import { EditError, type ErrorCode, errorCodes } from '../../../lib/errors.ts';
import {
  type Block,
  type Configuration,
  nested,
  nestedAll,
  ofType,
  type Resource,
  textsOf,
} from './configuration.ts';
import { type LogEntry, matchesFilter, valueAt } from './log-filter.ts';

/** Compares metrics with lines that the functions really wrote. */
export type MetricRule = (
  resources: readonly Resource[],
  entries: readonly LogEntry[],
  configuration: Configuration,
) => string[];

const metricType = 'google_logging_metric';
const keyOf = ({ address }: Resource): string => /\["(.+)"\]$/.exec(address)?.[1] ?? address;

/** A filter on a field that was renamed counts nothing, and nobody hears of it. */
export const metricsCountRealLines: MetricRule = (resources, entries) =>
  ofType(resources, metricType).flatMap(({ address, body }) => {
    const counted = entries.filter((entry) => matchesFilter(filterOf(body), entry));
    if (counted.length === 0) return [`${address}: expected ${filterOf(body)} to count a line, none is such`];
    return extractedBy(body)
      .filter((path) => counted.every((entry) => valueAt(entry, path) === undefined))
      .map((path) => `${address}: expected ${path} in a line it counts, none has it`);
  });

/** With the deployment's name and the default of the alert put in. */
function filterOf(body: Block): string {
  return String(body['filter'])
    .replaceAll(wholeReference('var.name'), 'inpaint')
    .replaceAll(wholeReference('var.alert_pair_age_minutes * 60000'), '3600000');
}

const wholeReference = (expression: string): string => `\${${expression}}`;

/** Fields that become values and labels of the metric. */
const extractedBy = (body: Block): string[] => [
  ...matchesOf(String(body['value_extractor'] ?? ''), /EXTRACT\(([\w.]+)\)/g),
  ...labelsOf(body).map((label) => `jsonPayload.${label}`),
];

/** Alerts and charts name metrics there are, labels those metrics have, and codes of the error table. */
export const alertsNameWhatIsCounted: MetricRule = (resources, _, { root }) => {
  const metrics = new Map(ofType(resources, metricType).map((metric) => [keyOf(metric), metric.body]));
  const alerts = resources
    .filter(({ type }) => type === 'google_monitoring_alert_policy')
    .flatMap(({ address, body }) => textsOf(body).map((text) => ({ place: address, text })));
  const charts = nestedAll(root.local, 'charts').map((chart) => ({
    place: `local.charts: ${String(chart['title'])}`,
    text: textsOf(chart).join(' '),
  }));
  return [...alerts, ...charts].flatMap(({ place, text }) => {
    const name = /local\.metric\["(\w+)"\]/.exec(text)?.[1];
    if (name === undefined) return [];
    const metric = metrics.get(name);
    if (metric === undefined) return [`${place}: expected a metric of metrics.tf, got ${name}`];
    return [
      ...matchesOf(text, /metric\.labels\.(\w+)/g)
        .filter((label) => !labelsOf(metric).includes(label))
        .map((label) => `${place}: expected a label of ${name}, got ${label}`),
      ...matchesOf(text, /"([A-Z][A-Z_]+)"/g)
        .filter((code) => !isCode(code))
        .map((code) => `${place}: expected a code of lib/errors.ts, got ${code}`),
    ];
  });
};

/** What is deployed is counted, and nothing else: another deployment may have a name that begins alike. */
export const servicesAreCounted: MetricRule = (resources, _, { root }) => {
  const nameOf = ({ body }: Resource) => String(body['name']).replace(wholeReference('var.name'), 'inpaint');
  const pattern = String(root.local['services']).replace(wholeReference('var.name'), 'inpaint');
  const counted = new RegExp(`^${pattern}$`);
  return [
    ...ofType(resources, 'google_cloudfunctions2_function')
      .filter((resource) => !counted.test(nameOf(resource)))
      .map(({ address }) => `${address}: expected a name that ${pattern} matches`),
    ...['inpaint-trial-edit', 'inpaint-2-run-job']
      .filter((name) => counted.test(name))
      .map((name) => `local.services: expected not to match ${name}`),
  ];
};

const matchesOf = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, found]) => String(found));

const labelsOf = (metric: Block): string[] => {
  const { for_each: names } = nested(nested(nested(metric, 'metric_descriptor'), 'dynamic'), 'labels');
  return textsOf(names);
};

const isCode = (name: string): boolean => errorCodes.includes(name as ErrorCode);

/** What the operator must mend, and what is ours, is told to somebody. */
export const everyFaultOfOursAlerts: MetricRule = (resources) => {
  const watched = ofType(resources, 'google_monitoring_alert_policy')
    .flatMap(({ body }) => textsOf(body['conditions']))
    .join(' ');
  return errorCodes
    .filter((code) => ['setup', 'bug'].includes(new EditError(code, '').kind))
    .filter((code) => !watched.includes(`"${code}"`))
    .map((code) => `Expected an alert on ${code}, got none`);
};
