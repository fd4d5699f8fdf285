import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { repository } from '../support/packed.ts';
import { isTerraformThere, runTerraform } from '../support/terraform/command.ts';
import { readConfiguration } from '../support/terraform/configuration.ts';

const isThere = isTerraformThere();
if (!isThere)
  console.log(
    'Without terraform 1.9 or newer the checks of variables and what is derived from them are not run.',
  );

let folder: string;
beforeAll(async () => {
  const source = join(repository, 'deploy/terraform');
  const { root } = await readConfiguration(source);
  const { engine, model, free_settings, engine_settings, buckets } = root.local;
  const { charts, counters, distributions, lines, queue_filter, service_filter, services } = root.local;
  // Metrics have their names when they are made.
  const metric = Object.fromEntries(
    [...Object.keys(counters ?? {}), ...Object.keys(distributions ?? {})].map((name) => [name, `of ${name}`]),
  );
  const dashboard = root.resource['google_monitoring_dashboard']?.['this']?.['dashboard_json'];
  const locals = {
    ...{ engine, model, free_settings, engine_settings, buckets },
    ...{ charts, counters, dashboard, lines, metric, queue_filter, service_filter, services },
  };
  const output = Object.fromEntries(
    Object.keys(locals).map((name) => [name, { value: '$'.concat(`{local.${name}}`) }]),
  );
  folder = await mkdtemp(join(tmpdir(), 'variables-'));
  // The parts that need no provider run by themselves; what the parser gives is Terraform's own JSON syntax.
  await cp(join(source, 'variables.tf'), join(folder, 'variables.tf'));
  await writeFile(join(folder, 'main.tf.json'), JSON.stringify({ locals, output }));
});
afterAll(() => rm(folder, { recursive: true }));

interface Grid {
  readonly widgets: readonly {
    readonly xyChart: {
      readonly dataSets: readonly {
        readonly timeSeriesQuery: { readonly timeSeriesFilter: { readonly filter: string } };
      }[];
    };
  }[];
}

/** Applies the variables: what is derived from them, or what is wrong with them. */
async function applied(variables: object): Promise<{ errors: string; outputs: Record<string, unknown> }> {
  await writeFile(join(folder, 'terraform.tfvars.json'), JSON.stringify(variables));
  const run = (...args: string[]) => runTerraform(args, folder);
  const { stderr } = run('apply', '-auto-approve', '-no-color');
  const read = JSON.parse(run('output', '-json').stdout) as Record<string, { value: unknown }>;
  return {
    errors: stderr,
    outputs: Object.fromEntries(Object.entries(read).map(([name, { value }]) => [name, value])),
  };
}

const least = { project: 'my-project', region: 'europe-west1' };

describe.skipIf(!isThere)('variables, by terraform itself', () => {
  test('two are enough', async () => {
    const { errors, outputs } = await applied(least);
    expect(errors).not.toContain('Error');
    expect(outputs).toMatchObject({
      engine_settings: {
        GOOGLE_CLOUD_PROJECT: 'my-project',
        ENGINE: 'gemini',
        MODEL: 'gemini-3.1-flash-image',
      },
      buckets: { input: 'my-project-inpaint-input', output: 'my-project-inpaint-output' },
    });
  });

  test('the embedded engine has no model, and settings are handed on', async () => {
    const { outputs } = await applied({ ...least, model: 'patchmatch', settings: { FEATHER_PX: '8' } });
    expect(outputs['engine_settings']).toEqual({
      GOOGLE_CLOUD_PROJECT: 'my-project',
      ENGINE: 'patchmatch',
      FEATHER_PX: '8',
    });
  });

  test('the dashboard is JSON with a filter in every chart', async () => {
    const { outputs } = await applied(least);
    const { gridLayout } = JSON.parse(String(outputs['dashboard'])) as { gridLayout: Grid };
    const filters = gridLayout.widgets.flatMap(({ xyChart }) =>
      xyChart.dataSets.map(({ timeSeriesQuery }) => timeSeriesQuery.timeSeriesFilter.filter),
    );
    expect(filters).toHaveLength(10);
    for (const filter of filters) expect(filter).toMatch(/^of \w+$|^metric\.type=/);
    expect(filters.join()).toContain('full_match("inpaint-(live|backfill)")');
  });

  test('each one outside its range is refused by name', async () => {
    const wrong = {
      project: 'My Project',
      region: 'eu',
      name: 'inpaint-of-the-whole-department',
      model: 'gemini-3.1-flash-image',
      daily_cost_cap_usd: -1,
      settings: { ENGINE: 'imagen' },
      users: ['allUsers'],
      ingress: 'ALL',
      page_origins: ['*'],
      worker_memory: '3Gi',
      live_queue: { per_second: 501, at_once: 0.5 },
      backfill_queue: { per_second: 0, at_once: 1001 },
      min_instances: 11,
      sweep_schedule: 'hourly',
      alert_emails: ['oncall'],
      alert_pair_age_minutes: 5,
    };
    const { errors } = await applied(wrong);
    const named = [...errors.matchAll(/variable\.(\w+)\b|var\.(\w+)\b/g)].map(([, a, b]) => a ?? b);
    expect([...new Set(named)].sort()).toEqual(Object.keys(wrong).sort());
  });
});
