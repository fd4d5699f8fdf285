import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FunctionName, functionTable } from '../../functions/register.ts';
import { readConfig } from '../../lib/config.ts';
import { estimateUsd, modelEntry } from '../../lib/engines/models.ts';
import { fitsNewProject } from '../support/new-project.ts';
import { repository } from '../support/packed.ts';
import { isTerraformThere, runTerraform } from '../support/terraform/command.ts';
import {
  type Block,
  type Configuration,
  nested,
  readConfiguration,
} from '../support/terraform/configuration.ts';
import { writeTwin } from '../support/terraform/twin.ts';

const isThere = isTerraformThere();
if (!isThere) console.log('Without terraform 1.9 or newer the configuration is read, but not worked out.');

const source = join(repository, 'deploy/terraform');
let real: Configuration;
let folder: string;
beforeAll(async () => {
  real = await readConfiguration(source);
  folder = await mkdtemp(join(tmpdir(), 'twin-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface Made {
  readonly errors: string;
  /** Arguments and made-up attributes of every resource, by address. */
  readonly resources: ReadonlyMap<string, Block>;
  readonly outputs: Readonly<Record<string, { readonly value: unknown }>>;
}

/** What Terraform would make of the configuration with these variables, or what is wrong with them. */
async function planned(variables: object, configuration = real): Promise<Made> {
  const target = await mkdtemp(join(folder, 'run-'));
  await writeTwin(configuration, { source, target });
  await writeFile(join(target, 'terraform.tfvars.json'), JSON.stringify(variables));
  await runTerraform(['init', '-no-color'], target);
  const { stderr } = await runTerraform(['plan', '-no-color', '-out=plan'], target);
  // What is refused leaves no plan to show.
  const { stdout } = existsSync(join(target, 'plan'))
    ? await runTerraform(['show', '-json', 'plan'], target)
    : { stdout: '' };
  const { planned_values: values } = JSON.parse(stdout || '{}') as { planned_values?: Planned };
  const resources = values === undefined ? [] : resourcesIn(values.root_module);
  return { errors: stderr, resources: new Map(resources), outputs: values?.outputs ?? {} };
}

interface Planned {
  readonly root_module: PlannedModule;
  readonly outputs?: Made['outputs'];
}

interface PlannedModule {
  readonly resources?: readonly { readonly address: string; readonly values: { readonly input: Block } }[];
  readonly child_modules?: readonly PlannedModule[];
}

const resourcesIn = ({ resources = [], child_modules = [] }: PlannedModule): [string, Block][] => [
  ...resources.map(({ address, values }): [string, Block] => [address, values.input]),
  ...child_modules.flatMap(resourcesIn),
];

/** How long Cloud Tasks waits for a worker (lib/wiring/jobs.ts). */
const taskSeconds = 600;
const environmentOf = (body: Block): Record<string, string> =>
  Object.fromEntries(
    Object.entries(nested(nested(body, 'service_config'), 'environment_variables')).map(([name, value]) => [
      name,
      String(value),
    ]),
  );
const functionsIn = ({ resources }: Made): [FunctionName, Block][] =>
  [...resources]
    .filter(([address]) => address.includes('google_cloudfunctions2_function'))
    .map(([, body]) => [nested(body, 'build_config')['entry_point'] as FunctionName, body]);

/** Functions that a new project has no room for. */
const tooLarge = (made: Made): FunctionName[] =>
  functionsIn(made)
    .filter(([, body]) => {
      const service = nested(body, 'service_config');
      const [cpu, maxInstances] = [Number(service['available_cpu']), Number(service['max_instance_count'])];
      return !fitsNewProject({ cpu, memory: String(service['available_memory']), maxInstances });
    })
    .map(([name]) => name);

/** Two variables, and a setting. */
const least = { project: 'my-project', region: 'europe-west1' };
const plain = { ...least, settings: { FEATHER_PX: '8' } };
/** Everything that is left out above. */
const full = {
  ...least,
  model: 'patchmatch',
  daily_cost_cap_usd: null,
  users: ['group:a@example.com'],
  page_origins: ['https://a.example.com'],
  alert_emails: ['b@example.com'],
};

// Planning takes about a second, on a machine that is busy with other tests much longer.
const patient = 60_000;

describe.skipIf(!isThere)('the configuration, worked out by terraform', { timeout: patient }, () => {
  let made: Made;
  let madeFull: Made;
  beforeAll(async () => {
    [made, madeFull] = await Promise.all([planned(plain), planned(full)]);
  }, patient);

  test('two variables are enough, and all may be used', () => {
    expect(made.errors).not.toContain('Error');
    expect(madeFull.errors).not.toContain('Error');
    expect(made.outputs['try']?.value).toContain(
      'cp photo.jpg photo.mask.png gs://my-project-inpaint-input/',
    );
  });

  test('every function starts with the environment it is given', () => {
    const configs = functionsIn(made).map(([name, body]) => {
      const { needsBuckets } = functionTable[name];
      return [name, readConfig(environmentOf(body), { buckets: needsBuckets })] as const;
    });
    const { onUpload, sweep, runJob, edit } = Object.fromEntries(configs);
    const shared = { engine: 'gemini', model: 'gemini-3.1-flash-image', featherPx: 8, project: 'my-project' };
    const queues = 'projects/my-project/locations/europe-west1/queues';
    expect(onUpload).toMatchObject({ ...shared, queue: { name: `${queues}/inpaint-live` } });
    expect(sweep).toMatchObject({ ...shared, queue: { name: `${queues}/inpaint-backfill` } });
    expect(runJob).toMatchObject({
      ...shared,
      queue: undefined,
      dailyCostCapUsd: 20,
      editDeadlineMs: 510_000,
    });
    expect(edit).toMatchObject({ ...shared, buckets: undefined });
  });

  test('every function gives up before the platform does, and the platform before the task', () => {
    for (const [, body] of functionsIn(made)) {
      const timeoutSeconds = Number(nested(body, 'service_config')['timeout_seconds']);
      expect(Number(environmentOf(body)['EDIT_DEADLINE_MS'])).toBeLessThanOrEqual(
        (timeoutSeconds - 30) * 1000,
      );
      expect(timeoutSeconds).toBeLessThan(taskSeconds);
    }
  });

  test('a new project has room for every function', () => {
    expect(tooLarge(made)).toEqual([]);
  });

  test('the largest workers fit, too, where fewer are asked for', async () => {
    const fewer = {
      max_workers: 5,
      live_queue: { per_second: 2, at_once: 4 },
      backfill_queue: { per_second: 1, at_once: 1 },
    };
    const large = await planned({ ...least, worker_memory: '8Gi', ...fewer });
    expect(functionsIn(large)).toHaveLength(6);
    expect(tooLarge(large)).toEqual([]);
  });

  // Each alone: Terraform compares no variables of which one is refused.
  test.each([
    [
      'more tasks at work than workers',
      { live_queue: { per_second: 2, at_once: 9 } },
      'var.max_workers is 10',
    ],
    ['a model without its engine', { model: 'gemini-3.1-flash-image' }, 'Expected patchmatch, or gemini:'],
    ['a cap below nothing', { daily_cost_cap_usd: -1 }, 'Expected 0 or more'],
    [
      'an endpoint anywhere',
      { model: 'endpoint:1', daily_cost_cap_usd: null },
      'Expected settings = { LOCATION',
    ],
    ['a cap on a model without a price', { model: 'gemini:unheard-of' }, 'a price of the model'],
    ['half a worker', { max_workers: 10.5 }, 'var.max_workers is 10.5'],
    ['a log level that metrics are blind at', { settings: { LOG_LEVEL: 'warn' } }, 'Expected LOG_LEVEL'],
  ])('%s: refused', async (_, variables, message) => {
    expect((await planned({ ...least, ...variables })).errors).toContain(message);
  });

  test('the embedded engine has no model, and no cap is no setting', () => {
    const environments = functionsIn(madeFull).map(([, body]) => environmentOf(body));
    expect(environments.map(({ ENGINE }) => ENGINE)).toEqual(environments.map(() => 'patchmatch'));
    expect(environments.flatMap(Object.keys)).not.toContain('MODEL');
    expect(environments.flatMap(Object.keys)).not.toContain('DAILY_COST_CAP_USD');
  });

  test('an endpoint with a place and a price starts, without functions that it cannot serve', async () => {
    const entry = { apis: ['endpoint'], usdPerImage: { '1K': 0.01 } };
    const settings = { LOCATION: 'europe-west4', MODELS: JSON.stringify({ '1234': entry }) };
    const { errors, outputs, ...rest } = await planned({ ...least, model: 'endpoint:1234', settings });
    expect(errors).not.toContain('Error');
    const functions = functionsIn({ errors, outputs, ...rest });
    expect(functions.map(([name]) => name).sort()).toEqual(['edit', 'onUpload', 'runJob', 'sweep']);
    const [, body = {}] = functions.find(([name]) => name === 'runJob') ?? [];
    const config = readConfig(environmentOf(body), { buckets: true });
    expect(config).toMatchObject({ engine: 'endpoint', model: '1234', location: 'europe-west4' });
    expect(estimateUsd(modelEntry('1234', config.models), { width: 64, height: 64 }, 1)).toBe(0.01);
    expect(outputs['try']?.value).not.toContain('Text to image');
    expect(outputs['urls']?.value).toEqual({ edit: 'https://inpaint-edit.run.app' });
  });

  test('whole pictures are made where the engine, or one that may be named, makes them', async () => {
    const names = (some: Made) => functionsIn(some).map(([name]) => name);
    expect(names(made)).toEqual(expect.arrayContaining(['generate', 'upscale']));
    expect(made.outputs['try']?.value).toMatch(
      /\n\n *# Text to image\.\n *curl [^#]+ harbour\.png\n\n *# Look for/,
    );
    expect(names(madeFull)).not.toContain('generate');
    expect(madeFull.outputs['try']?.value).toMatch(/out\.jpg\n *\n *# Look for/);
    const settings = { ALLOWED_MODELS: 'gemini' };
    expect(names(await planned({ ...full, settings }))).toContain('generate');
  });

  test('pages, people and addresses reach what they are for', () => {
    const at = (address: string) => madeFull.resources.get(address);
    const cors = { origin: [['https://a.example.com']] };
    expect(at('terraform_data.google_storage_bucket__input')).toMatchObject({ cors });
    expect(at('terraform_data.google_storage_bucket__output')).toMatchObject({ cors });
    expect(at('terraform_data.google_storage_bucket__control')).not.toHaveProperty('cors');
    const uploads = 'terraform_data.google_storage_bucket_iam_member__users_upload["group:a@example.com"]';
    expect(at(uploads)).toMatchObject({ bucket: 'my-project-inpaint-input' });
    const calls = 'terraform_data.google_cloud_run_v2_service_iam_member__invokers["group:a@example.com"]';
    expect(at(`module.http["edit"].${calls}`)).toMatchObject({ role: 'roles/run.invoker' });
    expect(at(`module.sweep.${calls}`)).toBeUndefined();
    const alert = at('terraform_data.google_monitoring_alert_policy__memory');
    expect(alert?.['notification_channels']).toHaveLength(1);
  });

  test('the dashboard is JSON with a filter in every chart', () => {
    const { dashboard_json } = made.resources.get('terraform_data.google_monitoring_dashboard__this') ?? {};
    const { gridLayout } = JSON.parse(String(dashboard_json)) as { gridLayout: Grid };
    const filters = gridLayout.widgets.flatMap(({ xyChart }) =>
      xyChart.dataSets.map(({ timeSeriesQuery }) => timeSeriesQuery.timeSeriesFilter.filter),
    );
    expect(filters).toHaveLength(10);
    for (const filter of filters) {
      expect(filter).toMatch(/^metric\.type="[\w./]+" AND resource\.type="\w+"/);
    }
  });

  test('each variable outside its range is refused by name', async () => {
    const wrong = {
      project: 'My Project',
      region: 'eu',
      name: 'inpaint-of-the-whole-department',
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
    const { errors } = await planned(wrong);
    const named = [...errors.matchAll(/var\.(\w+)[.\w]* is /g)].map(([, name]) => name);
    expect([...new Set(named)].sort()).toEqual(Object.keys(wrong).sort());
  });

  test('an expression that cannot be worked out is found', async () => {
    const copy = structuredClone(real);
    copy.root.local['engine'] = '$'.concat('{split(":", var.model)[5]}');
    expect((await planned(least, copy)).errors).toContain('Invalid index');
  });
});

interface Grid {
  readonly widgets: readonly {
    readonly xyChart: {
      readonly dataSets: readonly {
        readonly timeSeriesQuery: { readonly timeSeriesFilter: { readonly filter: string } };
      }[];
    };
  }[];
}
