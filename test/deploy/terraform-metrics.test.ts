import { join } from 'node:path';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { settings } from '../../lib/config.ts';
import type { LogLevel } from '../../lib/log.ts';
import { repository } from '../support/packed.ts';
import {
  type Block,
  type Configuration,
  nestedAll,
  readConfiguration,
  resourcesOf,
} from '../support/terraform/configuration.ts';
import { type LogEntry, logEntryOf, matchesFilter } from '../support/terraform/log-filter.ts';
import {
  alertsNameWhatIsCounted,
  everyFaultOfOursAlerts,
  type MetricRule,
  metricsCountRealLines,
  servicesAreCounted,
} from '../support/terraform/metrics.ts';
import { writtenLines } from '../support/terraform/written-lines.ts';

let real: Configuration;
let entries: LogEntry[];
beforeAll(async () => {
  real = await readConfiguration(join(repository, 'deploy/terraform'));
  entries = await writtenLines();
});

const faultsOf = (rule: MetricRule, configuration: Configuration) =>
  rule(resourcesOf(configuration), entries, configuration);

function faultsAfter(rule: MetricRule, mistake: (local: Block) => unknown): string {
  const copy = structuredClone(real);
  mistake(copy.root.local);
  return faultsOf(rule, copy).join('\n');
}

const at = (value: unknown, ...path: string[]): Block =>
  path.reduce((block, step) => block[step] as Block, value as Block);

describe('metrics and alerts', () => {
  test('every metric counts a line that the functions really write', () => {
    expect(faultsOf(metricsCountRealLines, real)).toEqual([]);
  });

  test('at every level that may be set, each metric still finds its line', async () => {
    const conditions = nestedAll(at(real.root.variable, 'settings'), 'validation').map(({ condition }) =>
      String(condition),
    );
    const [, levels = '[]'] =
      /contains\((\[.+?\]), lookup\(var\.settings, "LOG_LEVEL"/.exec(conditions.join('\n')) ?? [];
    const allowed = JSON.parse(levels) as LogLevel[];
    expect(allowed).toContain(settings.LOG_LEVEL.parse(undefined));
    const isBlind = async (level: LogLevel) =>
      metricsCountRealLines(resourcesOf(real), await writtenLines(level), real).length > 0;
    const { options } = settings.LOG_LEVEL.def.innerType;
    for (const level of options)
      expect([level, await isBlind(level)]).toEqual([level, !allowed.includes(level)]);
  });

  test.each([
    ['a field that nobody writes', 'jobs', { filter: 'jsonPayload.result:*' }, 'jsonPayload.result'],
    [
      'a message that nobody writes',
      'circuit_open',
      { filter: 'jsonPayload.message="Open"' },
      'circuit_open',
    ],
    ['a label without a field', 'circuit_open', { labels: ['reason'] }, 'jsonPayload.reason'],
  ])('%s is found', (_, name, change, named) => {
    const faults = faultsAfter(metricsCountRealLines, (local) =>
      Object.assign(at(local, 'counters', name), change),
    );
    expect(faults).toContain(named);
  });

  test('alerts and charts name what is counted', () => {
    expect(faultsOf(alertsNameWhatIsCounted, real)).toEqual([]);
  });

  test.each([
    [
      'a code that no error has',
      `\${local.metric["faults"]} AND metric.labels.code="MODEL_GONE"`,
      'MODEL_GONE',
    ],
    [
      'a label that the metric lacks',
      `\${local.metric["faults"]} AND metric.labels.kind="setup"`,
      'got kind',
    ],
    ['a metric there is not', `\${local.metric["errors"]}`, 'got errors'],
  ])('%s is found', (_, filter, named) => {
    const faults = faultsAfter(alertsNameWhatIsCounted, (local) => {
      at(local, 'alerts', 'model_retired')['filter'] = filter;
    });
    expect(faults).toContain('counts["model_retired"]');
    expect(faults).toContain(named);
  });

  test('the lines of every function are counted, and no others', () => {
    expect(faultsOf(servicesAreCounted, real)).toEqual([]);
  });

  test.each([
    ['a function whose lines are not counted', '(run-job|sweep|edit|generate|upscale)', 'module.on_upload.'],
    ['a pattern that takes in other deployments', '.*', 'inpaint-trial-edit'],
  ])('%s is found', (_, names, named) => {
    const faults = faultsAfter(servicesAreCounted, (local) => {
      local['services'] = `inpaint-${names}`;
    });
    expect(faults).toContain(named);
  });

  test('everything the operator must mend, and every fault of ours, has an alert', () => {
    expect(faultsOf(everyFaultOfOursAlerts, real)).toEqual([]);
  });

  test('a code that nobody is told of is found', () => {
    const faults = faultsAfter(everyFaultOfOursAlerts, (local) => delete at(local, 'alerts')['cost_cap']);
    expect(faults).toBe('Expected an alert on COST_CAP_REACHED, got none');
  });

  test('a chart by a label that its metric lacks is found', () => {
    const faults = faultsAfter(alertsNameWhatIsCounted, (local) => {
      at(local, 'charts', '0')['by'] = ['metric.labels.bucket'];
    });
    expect(faults).toContain('Attempts of jobs, by outcome');
  });
});

describe('matchesFilter', () => {
  const entry = logEntryOf('{"severity":"INFO","message":"Job put off","code":"BUSY","ms":12}', 'a-run-job');

  it.each([
    ['jsonPayload.code="BUSY"', true],
    ['jsonPayload.code="BUS"', false],
    ['jsonPayload.code:*', true],
    ['jsonPayload.kind:*', false],
    ['jsonPayload.message=~"^Job"', true],
    ['jsonPayload.message=~"^put"', false],
    ['jsonPayload.ms>12', false],
    ['jsonPayload.ms>=12', true],
    ['jsonPayload.ms<13 AND jsonPayload.ms<=12', true],
    ['jsonPayload.ms<13 AND jsonPayload.code="X"', false],
    ['resource.labels.service_name=~"^a-(run-job|edit)$"', true],
    ['jsonPayload.severity:*', false],
  ])('%s: %s', (filter, isMatch) => {
    expect(matchesFilter(filter, entry)).toBe(isMatch);
  });

  it('refuses what it does not know', () => {
    expect(() => matchesFilter('NOT jsonPayload.code:*', entry)).toThrow('Expected a comparison');
  });
});
