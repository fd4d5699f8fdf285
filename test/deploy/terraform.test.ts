import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Block, nested, nestedAll } from '../../deploy/docs/read-terraform.ts';
import {
  readTerraform,
  type Terraform,
  terraformDeployment,
  terraformFolder,
  textsOf,
} from '../../deploy/docs/terraform-deployment.ts';
import { readConfig } from '../../lib/config.ts';
import { engineNames } from '../../lib/engines/engines.ts';
import { EditError, errorCodes } from '../../lib/errors.ts';
import { flexDeadlineMs } from '../../lib/jobs/claim/budget.ts';
import { checkConfig } from '../../lib/wiring/check-config.ts';
import { repository, uploadedFiles } from '../support/packed.ts';
import { type LogEntry, matchesFilter, writtenLines } from '../support/written-lines.ts';

let terraform: Terraform;
beforeAll(async () => {
  terraform = await readTerraform();
});
const variable = (name: string): Block => terraform.root.variable[name] ?? {};
const all = (type: string) => terraform.resources.filter((resource) => resource.type === type);

describe('variables', () => {
  test('each has a description and a type, and refuses what is out of range', () => {
    const bare = Object.entries(terraform.root.variable).filter(
      ([, body]) => !body['description'] || !body['type'] || nestedAll(body, 'validation').length === 0,
    );
    expect(bare).toEqual([]);
  });

  test('every engine may be chosen', () => {
    const [check] = nestedAll(variable('model'), 'validation');
    const accepted = new RegExp(String(/regex\("(.+?)", var\.model/.exec(String(check?.['condition']))?.[1]));
    const choices = engineNames.flatMap((name) => {
      if (['patchmatch', 'http', 'onnx'].includes(name)) return [name];
      return name === 'endpoint' ? ['endpoint:17'] : [name, `${name}:some-model@006`];
    });
    expect(choices.filter((choice) => !accepted.test(choice))).toEqual([]);
    expect(
      ['patchmatch:x', 'http:x', 'endpoint', 'dalle:3'].filter((choice) => accepted.test(choice)),
    ).toEqual([]);
  });

  test('the default leaves the model to its engine, so that another default repeats no job', () => {
    const { functions } = terraformDeployment(terraform);
    const names = functions.map(({ environment: { ENGINE: engine, MODEL: model } }) => [engine, model]);
    expect(names.filter(([engine, model]) => engine !== 'gemini' || model !== '')).toEqual([]);
  });

  test('the recommended model may be chosen beside the default cap, which knows its price', async () => {
    const [engine, cap] = ['model', 'daily_cost_cap_usd'].map((name) => String(variable(name)['default']));
    const defaults = terraform.root.local['default_models'] as Block;
    expect(terraform.root.local['priced_models']).toContain(defaults[String(engine)]);
    const environment = { ENGINE: engine, DAILY_COST_CAP_USD: cap, GOOGLE_CLOUD_PROJECT: 'p' };
    await expect(checkConfig(readConfig(environment))).resolves.toBeUndefined();
  });

  test('with flex, what calls a model has the time for it, and what queues a task waits as long', async () => {
    const { functions } = terraformDeployment(
      await readTerraform((text) => text.replace('default     = "standard"', 'default     = "flex"')),
    );
    const callers = functions.filter(({ entryPoint }) => ['runJob', 'edit', 'mask'].includes(entryPoint));
    expect(callers.length).toBeGreaterThanOrEqual(3);
    const deadlines = callers.map(({ environment: { EDIT_DEADLINE_MS } }) => Number(EDIT_DEADLINE_MS));
    expect(deadlines.filter((ms) => ms < flexDeadlineMs)).toEqual([]);
    const queueing = functions.filter(({ environment }) => 'TASKS_QUEUE' in environment);
    const waits = queueing.map(({ environment }) => readConfig(environment).budget.taskDeadlineMs);
    expect(waits.filter((ms) => ms <= Math.max(...deadlines))).toEqual([]);
  });

  test('each default task at work has a worker', () => {
    const queues = ['live_queue', 'backfill_queue'].map((name) => variable(name)['default'] as Block);
    const atOnce = queues.reduce((sum, { at_once }) => sum + Number(at_once), 0);
    expect(variable('max_workers')['default']).toBe(atOnce);
  });

  test('the example sets variables that exist, and all that have no default', () => {
    const example = readFileSync(join(terraformFolder, 'terraform.tfvars.example'), 'utf8');
    const set = [...example.matchAll(/^(?:# )?(\w+) +=/gm)].map(([, name]) => String(name));
    expect(Object.keys(terraform.root.variable)).toEqual(expect.arrayContaining(set));
    const needed = Object.entries(terraform.root.variable).filter(([, body]) => !('default' in body));
    expect(set).toEqual(expect.arrayContaining(needed.map(([name]) => name)));
  });
});

describe('the first day', () => {
  const one = (address: string): Block =>
    terraform.resources.find((resource) => resource.address === address)?.body ?? {};

  test('new rights and identities are waited for', () => {
    const sleeps = all('time_sleep').filter(({ address }) => !/services|metrics/.test(address));
    expect(sleeps.map(({ body }) => body['create_duration']).filter((text) => text !== '180s')).toEqual([]);
    const functions = all('google_cloudfunctions2_function');
    const waiting = ({ body }: { readonly body: Block }) => [
      String(nested(body, 'service_config')['service_account_email']).includes('time_sleep.account'),
      String(nested(body, 'build_config')['service_account']).includes('time_sleep.builder'),
    ];
    expect(functions.flatMap(waiting).filter((isWaiting) => !isWaiting)).toEqual([]);
    expect(textsOf(one('google_storage_notification.uploads')['depends_on']).join()).toContain(
      'time_sleep.events',
    );
  });

  test('functions that people call see of the control bucket what is spent, and nothing else', () => {
    const { grants } = terraformDeployment(terraform);
    const callers = grants.filter(({ identity, on }) => identity !== 'run-job' && on === 'bucket control');
    const counting = callers.filter(({ condition }) => condition?.includes('/objects/cost/'));
    expect(counting.map(({ identity }) => identity).sort()).toEqual(['edit', 'generate', 'mask', 'upscale']);
  });

  test('an upload is not delivered again while onUpload works on it', () => {
    const onUpload = one('module.on_upload.google_cloudfunctions2_function.this');
    const { ack_deadline_seconds: ackSeconds } = one('google_pubsub_subscription.uploads');
    expect(Number(ackSeconds)).toBeGreaterThanOrEqual(
      Number(nested(onUpload, 'service_config')['timeout_seconds']),
    );
  });
});

test('the code that is packed is what .gcloudignore lets through', async () => {
  const packed = String(terraform.root.local['packed']);
  const patterns = [...packed.matchAll(/fileset\(local\.root, "([^"]+)"\)/g)].map(([, pattern]) =>
    String(pattern),
  );
  const names = [...packed.matchAll(/^\s+"([^"]+)",$/gm)].map(([, name]) => String(name));
  expect([...globSync(patterns, { cwd: repository }), ...names].sort()).toEqual(
    await uploadedFiles(repository),
  );
});

describe('metrics and alerts', () => {
  let entries: LogEntry[];
  beforeAll(async () => {
    entries = await writtenLines();
  });
  const filled = (text: unknown) => String(text).replaceAll(/\$\{.+? \* 60000\}/g, '3600000');

  test('a field that nobody writes is missed', () => {
    expect(entries.some((entry) => matchesFilter('jsonPayload.code:*', entry))).toBe(true);
    expect(entries.some((entry) => matchesFilter('jsonPayload.result:*', entry))).toBe(false);
  });

  test('every metric counts a line that the functions write, and reads fields of it', () => {
    const metrics = all('google_logging_metric');
    expect(metrics.length).toBeGreaterThan(5);
    for (const { address, body } of metrics) {
      const counted = entries.filter((entry) => matchesFilter(filled(body['filter']), entry));
      const { for_each: labels } = nested(nested(nested(body, 'metric_descriptor'), 'dynamic'), 'labels');
      const fields = [
        ...[...String(body['value_extractor']).matchAll(/EXTRACT\(([\w.]+)\)/g)].map(([, path]) =>
          String(path),
        ),
        ...textsOf(labels).map((label) => `jsonPayload.${label}`),
      ];
      expect([address, counted.length > 0]).toEqual([address, true]);
      const unread = fields.filter((path) =>
        counted.every((entry) => (entry[path] ?? undefined) === undefined),
      );
      expect([address, unread]).toEqual([address, []]);
    }
  });

  test('the lowest level that may be set writes them all', async () => {
    const silent = await writtenLines('warn');
    const isBlind = (lines: LogEntry[]) =>
      all('google_logging_metric').some(
        ({ body }) => !lines.some((entry) => matchesFilter(filled(body['filter']), entry)),
      );
    expect([isBlind(entries), isBlind(silent)]).toEqual([false, true]);
    expect(textsOf(nestedAll(variable('settings'), 'validation'))).toContainEqual(
      expect.stringContaining('contains(["debug", "info"], lookup(var.settings, "LOG_LEVEL"'),
    );
  });

  test('a sweep that never ran raises an alert, which counts lines of sweeps', () => {
    const [condition] = all('google_monitoring_alert_policy')
      .filter(({ address }) => address.endsWith('no_sweep'))
      .map(({ body }) => nested(nested(body, 'conditions'), 'condition_prometheus_query_language'));
    const [, metric] =
      /^absent_over_time\(\{__name__="[^"]+\/(\w+)_count",/.exec(String(condition?.['query'])) ?? [];
    const { body } =
      all('google_logging_metric').find(({ address }) => address.includes(`["${metric}"]`)) ?? {};
    const swept = entries.filter((entry) => entry['resource.labels.service_name'] === 'inpaint-sweep');
    const counted = swept.filter((entry) => matchesFilter(filled(body?.['filter']), entry));
    expect(counted).toHaveLength(1);
  });

  test('every fault of the deployment and every bug raises an alert', () => {
    const watched = all('google_monitoring_alert_policy')
      .flatMap(({ body }) => textsOf(body['conditions']))
      .join();
    const ours = errorCodes.filter((code) => ['setup', 'bug'].includes(new EditError(code, '').kind));
    expect(ours.filter((code) => !watched.includes(`"${code}"`))).toEqual([]);
  });

  test('alerts and charts name metrics, labels and codes that exist', () => {
    const metrics = new Set(
      all('google_logging_metric').map(({ address }) => /\["(.+)"\]$/.exec(address)?.[1]),
    );
    const texts = textsOf([all('google_monitoring_alert_policy'), terraform.root.local['charts']]);
    const named = (pattern: RegExp) =>
      texts.flatMap((text) => [...text.matchAll(pattern)].map(([, name]) => name));
    expect(named(/local\.metric\["(\w+)"\]/g).filter((name) => !metrics.has(name))).toEqual([]);
    const known: readonly string[] = errorCodes;
    expect(
      named(/"([A-Z]+_[A-Z_]+)"/g).filter(
        (name) => !known.includes(String(name)) && !/^(ALIGN|REDUCE|COMPARISON)_/.test(String(name)),
      ),
    ).toEqual([]);
    expect(new Set(named(/metric\.labels\.(\w+)/g))).toEqual(new Set(['outcome', 'code', 'response_code']));
  });

  test('the lines of every function of this deployment are counted, and of no other', () => {
    const { root, resources } = terraform;
    const services = new RegExp(
      `^${String(root.local['services']).replace('$'.concat('{var.name}'), 'inpaint')}$`,
    );
    const functions = resources.filter(({ type }) => type === 'google_cloudfunctions2_function');
    expect(functions.filter(({ body }) => !services.test(String(body['name'])))).toEqual([]);
    expect(['inpaint-trial-edit', 'inpaint-2-run-job'].filter((name) => services.test(name))).toEqual([]);
  });
});
