import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { fakeCloud, script } from '../support/deploy-script.ts';
import { repository } from '../support/packed.ts';
import { readConfiguration, resourcesOf } from '../support/terraform/configuration.ts';
import { grantsOf } from '../support/terraform/rights.ts';

const path = join(repository, 'docs/security.md');

let folder: string;
let terraform: Set<string>;
let trial: Set<string>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rights-'));
  const configuration = await readConfiguration(join(repository, 'deploy/terraform'));
  terraform = new Set(grantsOf(resourcesOf(configuration)).map(terraformRow));
  const cloud = fakeCloud(folder);
  cloud.run(script, ['my-project', 'europe-west4', '--engine', 'gemini']);
  trial = new Set(cloud.grants().map(trialRow));
});
afterAll(() => rm(folder, { recursive: true }));

const row = (identity: string, role: string, on: string) =>
  `\`${identity}\` | \`${role.replace(/^roles\//, '')}\` | ${on}`;
const kebab = (name: string) => name.replaceAll('_', '-');

/** `module.run_job.member: roles/a.b on google_storage_bucket.input.name` -> a row. */
function terraformRow(grant: string): string {
  const [, member = '', role = '', on = ''] = /^(.+): (\S+) on (.+)$/.exec(grant) ?? [];
  const [, http, module, account] =
    /^(?:module\.http\["(\w+)"\]|module\.(\w+)|google_service_account\.(\w+))\.member$/.exec(member) ?? [];
  const other = member.includes('var.users') ? 'users' : 'Cloud Storage';
  const own = /custom_role\.(\w+)\.id/.exec(role)?.[1];
  return row(kebab(http ?? module ?? account ?? other), own ?? role, terraformPlace(on));
}

function terraformPlace(on: string): string {
  const [, bucket] = /^google_storage_bucket\.(\w+)\./.exec(on) ?? [];
  const [, http, module] = /^module\.(?:http\["(\w+)"\]|(\w+))\./.exec(on) ?? [];
  const [, queue] = /queues?\.jobs\["(\w+)"\]/.exec(on) ?? [];
  const [, account] = /^google_service_account\.(\w+)\./.exec(on) ?? [];
  if (bucket !== undefined) return `bucket ${bucket}`;
  if (http !== undefined || module !== undefined) return `\`${kebab(http ?? module ?? '')}\``;
  if (queue !== undefined) return `queue ${queue}`;
  if (account !== undefined) return `\`${account}\``;
  return on.includes('artifact_registry') ? 'its images' : on;
}

/** `gs://my-project-inpaint-trial-input serviceAccount:inpaint-trial-edit@... roles/a.b` -> a row. */
function trialRow(grant: string): string {
  const [on = '', member = '', role = ''] = grant.split(' ');
  const [, identity = 'Cloud Storage'] = /^serviceAccount:inpaint-trial-([\w-]+)@/.exec(member) ?? [];
  const [, own] = /roles\/inpaint_trial_(\w+)$/.exec(role) ?? [];
  const [, bucket] = /^gs:\/\/my-project-inpaint-trial-(\w+)$/.exec(on) ?? [];
  const places: Record<string, string> = { 'my-project': 'the project', 'inpaint-trial': 'its images' };
  const place = bucket === undefined ? places[on] : `bucket ${bucket}`;
  return row(identity, own ?? role, place ?? `\`${on.replace('inpaint-trial-', '')}\``);
}

/** Given from the start, and no decision. */
const given = ['@google-cloud/functions-framework', '@google-cloud/storage', 'google-auth-library', 'sharp'];

test('the dependencies at run time are counted, and each that was chosen has its reason', () => {
  const words = ['No', 'One', 'Two', 'Three', 'Four', 'Five', 'Six', 'Seven', 'Eight', 'Nine', 'Ten'];
  const versions = Object.entries(packageJson.dependencies);
  const chosen = versions.filter(([name]) => !given.includes(name));
  expect(readFileSync(path, 'utf8')).toMatch(
    new RegExp(
      `- ${words[versions.length]} dependencies at run time: [^.]+ and ${words[chosen.length]?.toLowerCase()} with a reason`,
    ),
  );
  const reasons = readFileSync(join(repository, 'docs/decisions/dependencies.md'), 'utf8');
  for (const [name, version] of chosen) expect(reasons).toContain(`\n| ${name} ${version} |`);
});

test('the table of rights is what Terraform and deploy.sh give', () => {
  const text = readFileSync(path, 'utf8');
  const mark = (has: boolean) => (has ? 'yes' : '');
  const rows = [...new Set([...terraform, ...trial])]
    .sort()
    .map((each) => `| ${each} | ${mark(terraform.has(each))} | ${mark(trial.has(each))} |`);
  const [before = '', rest = ''] = text.split(
    /(?<=\| identity \| role \| on \| Terraform \| trial \|\n\|---\|---\|---\|---\|---\|\n)/,
  );
  const after = rest.slice(rest.indexOf('\n\n'));
  const document = `${before}${rows.join('\n')}${after}`;
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(path, document);
  expect(text).toBe(document);
});
