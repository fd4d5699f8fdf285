import { globSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { engineNames } from '../../lib/engines/engines.ts';
import { estimateUsd, knownModels, modelEntry } from '../../lib/engines/models.ts';
import { fitsNewProject } from '../support/new-project.ts';
import { repository, uploadedFiles } from '../support/packed.ts';
import { isTerraformThere, runTerraform } from '../support/terraform/command.ts';
import {
  type Configuration,
  nestedAll,
  type Rule,
  readConfiguration,
  resourcesOf,
} from '../support/terraform/configuration.ts';
import { settingsLeftFree } from '../support/terraform/environment.ts';
import { functionMistakes } from '../support/terraform/function-mistakes.ts';
import { at } from '../support/terraform/mistake.ts';
import { parseHcl } from '../support/terraform/parse-hcl.ts';
import { placeMistakes } from '../support/terraform/place-mistakes.ts';
import { grantsOf } from '../support/terraform/rights.ts';

const folder = join(repository, 'deploy/terraform');
const example = readFileSync(join(folder, 'terraform.tfvars.example'), 'utf8');
let real: Configuration;
beforeAll(async () => {
  real = await readConfiguration(folder);
});

const faultsOf = (rule: Rule, configuration: Configuration) =>
  rule(resourcesOf(configuration), configuration);

const terraform = isTerraformThere();
if (!terraform)
  console.log('Without terraform 1.9 or newer the formatting of deploy/terraform is not checked.');

test.skipIf(!terraform)('the files are formatted', async () => {
  const { stdout } = await runTerraform(['fmt', '-check', '-recursive', folder]);
  expect(stdout).toBe('');
});

const mistakes = [...functionMistakes, ...placeMistakes];
const rules = [...new Set(mistakes.map(([rule]) => rule))];

test('settings.tf is what lib/config.ts leaves to people, and which models have a price (UPDATE_DOCS=1 npm test writes it)', () => {
  const path = join(folder, 'settings.tf');
  const text = `# Written from lib/config.ts and lib/engines/models.ts (\`UPDATE_DOCS=1 npm test\`).
locals {
  # What \`settings\` may hold: the variables of docs/configuration.md that neither Terraform nor Cloud Run sets.
  free_settings = [
${settingsLeftFree(resourcesOf(real))
  .map((name) => `    "${name}",\n`)
  .join('')}  ]

  # Models with a price in lib/engines/models.ts.
  priced_models = [
${Object.entries(knownModels)
  .filter(([, { usdPerImage = {} }]) => Object.keys(usdPerImage).length > 0)
  .map(([name]) => `    "${name}",\n`)
  .join('')}  ]
}
`;
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(path, text);
  expect(readFileSync(path, 'utf8')).toBe(text);
});

describe('the rules', () => {
  test.each(rules.map((rule) => [rule.name, rule] as const))('%s', (_, rule) => {
    expect(faultsOf(rule, real)).toEqual([]);
  });

  test.each(mistakes.map(([rule, mistake, ...rest]) => [rule.name, mistake, rule, ...rest] as const))(
    '%s finds %s',
    (_name, _mistake, rule, seed, named) => {
      const copy = structuredClone(real);
      const { './function': module } = copy.modules;
      if (module === undefined) throw new Error('expected the module of a function');
      seed({ ...copy.root, root: copy.root, function: module });
      expect(faultsOf(rule, copy).join('\n')).toContain(named);
    },
  );
});

test('nobody has a right but these', () => {
  const functions = (name: string) => `module.${name}.google_cloudfunctions2_function.this.name`;
  const callers = 'each of { for member in var.users : member => member }';
  expect(grantsOf(resourcesOf(real))).toEqual([
    'each of var.users: roles/storage.objectCreator on google_storage_bucket.input.name',
    'each of var.users: roles/storage.objectViewer on google_storage_bucket.input.name',
    'each of var.users: roles/storage.objectViewer on google_storage_bucket.output.name',
    `${callers}: roles/run.invoker on ${functions('http["edit"]')}`,
    `${callers}: roles/run.invoker on ${functions('http["generate"]')}`,
    `${callers}: roles/run.invoker on ${functions('http["upscale"]')}`,
    'google_service_account.builder.member: roles/artifactregistry.writer on google_artifact_registry_repository.images.name',
    'google_service_account.builder.member: roles/logging.logWriter on the project',
    // Bound by a condition to the bucket that Cloud Run functions builds from.
    'google_service_account.builder.member: roles/storage.objectViewer on the project',
    `google_service_account.scheduler.member: roles/run.invoker on ${functions('sweep')}`,
    `google_service_account.tasks.member: roles/run.invoker on ${functions('run_job')}`,
    'google_service_account.trigger.member: roles/eventarc.eventReceiver on the project',
    `google_service_account.trigger.member: roles/run.invoker on ${functions('on_upload')}`,
    'module.http["edit"].member: roles/aiplatform.user on the project',
    'module.http["generate"].member: roles/aiplatform.user on the project',
    'module.http["upscale"].member: roles/aiplatform.user on the project',
    'module.on_upload.member: roles/cloudtasks.enqueuer on google_cloud_tasks_queue.jobs["live"].name',
    'module.on_upload.member: roles/iam.serviceAccountUser on google_service_account.tasks.name',
    'module.on_upload.member: roles/storage.objectViewer on google_storage_bucket.input.name',
    'module.run_job.member: google_project_iam_custom_role.control.id on google_storage_bucket.control.name',
    'module.run_job.member: roles/aiplatform.user on the project',
    'module.run_job.member: roles/storage.objectCreator on google_storage_bucket.output.name',
    'module.run_job.member: roles/storage.objectViewer on google_storage_bucket.input.name',
    'module.run_job.member: roles/storage.objectViewer on google_storage_bucket.output.name',
    'module.sweep.member: google_project_iam_custom_role.control.id on google_storage_bucket.control.name',
    'module.sweep.member: roles/cloudtasks.enqueuer on google_cloud_tasks_queue.jobs["backfill"].name',
    'module.sweep.member: roles/iam.serviceAccountUser on google_service_account.tasks.name',
    'module.sweep.member: roles/storage.objectViewer on google_storage_bucket.input.name',
    'module.sweep.member: roles/storage.objectViewer on google_storage_bucket.output.name',
    `serviceAccount:$`.concat(
      '{data.google_storage_project_service_account.agent.email_address}: roles/pubsub.publisher on the project',
    ),
  ]);
});

test('the default model is one the engine knows, still served, with a price for the cap', () => {
  const [engine, model = ''] = String(at(real.root.variable, 'model')['default']).split(':');
  const entry = modelEntry(model);
  expect(entry).toMatchObject({ apis: [engine], state: 'current' });
  expect(estimateUsd(entry, { width: 1024, height: 1024 }, 1)).toBeGreaterThan(0);
});

test('the default workers fit the quota of a new project, and each task at work has one', () => {
  const { variable, module } = real.root;
  const maxInstances = Number(at(variable, 'max_workers')['default']);
  const cpu = Number(at(module, 'run_job')['cpu']);
  const memory = String(at(variable, 'worker_memory')['default']);
  expect({ cpu, memory, maxInstances, fits: fitsNewProject({ cpu, memory, maxInstances }) }).toMatchObject({
    fits: true,
  });
  const atOnce = ['live_queue', 'backfill_queue'].map((queue) =>
    Number(at(variable, queue, 'default')['at_once']),
  );
  expect(atOnce.reduce((sum, count) => sum + count)).toBe(maxInstances);
});

test('every engine may be chosen', () => {
  const [check] = nestedAll(at(real.root.variable, 'model'), 'validation');
  const pattern = /regex\("(.+?)", var\.model/.exec(String(check?.['condition']))?.[1];
  const accepted = new RegExp(String(pattern));
  const choices = engineNames.map((name) => (name === 'patchmatch' ? name : `${name}:some-model@006`));
  expect(choices.filter((choice) => !accepted.test(choice))).toEqual([]);
  expect(['patchmatch:x', 'gemini', 'dalle:3'].filter((choice) => accepted.test(choice))).toEqual([]);
});

test('what is packed is what .gcloudignore lets through', async () => {
  const packed = String(real.root.local['packed']);
  const patterns = [...packed.matchAll(/fileset\(local\.root, "([^"]+)"\)/g)].map(([, pattern]) =>
    String(pattern),
  );
  const names = [...packed.matchAll(/^\s+"([^"]+)",$/gm)].map(([, name]) => String(name));
  const files = [...globSync(patterns, { cwd: repository }), ...names];
  expect(files.sort()).toEqual(await uploadedFiles(repository));
});

test('the example sets variables there are, and all that must be set', async () => {
  const isComment = (line: string) => /^# \w+ +=/.test(line);
  const text = example.split('\n').map((line) => (isComment(line) ? line.slice(2) : line));
  const set = Object.keys(await parseHcl('terraform.tf', text.join('\n')));
  const { variable } = real.root;
  expect(Object.keys(variable)).toEqual(expect.arrayContaining(set));
  expect(set).toEqual(
    expect.arrayContaining(Object.keys(variable).filter((name) => !('default' in at(variable, name)))),
  );
});

test('the README names every file', () => {
  const readme = readFileSync(join(folder, 'README.md'), 'utf8');
  const files = readdirSync(folder).filter((name) => name.endsWith('.tf') && name !== 'versions.tf');
  expect(files.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
});
