import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Block, type Folder, isBlock, readFolder } from '../../deploy/docs/read-terraform.ts';
import {
  readTerraform,
  type Terraform,
  terraformFolder,
  textsOf,
} from '../../deploy/docs/terraform-deployment.ts';

/** Folders of Terraform, and those that they call. */
const calls: Readonly<Record<string, string | undefined>> = {
  '.': 'function',
  function: undefined,
  'examples/plain': '.',
  'examples/full': '.',
};
/** What holds things but takes no project: it is named by what it belongs to. */
const withoutProject =
  /^(time_sleep|google_billing_budget|google_storage_(notification|bucket_object|bucket_iam_member)|google_service_account_iam_member|google_kms_crypto_key_iam_member)$/;
const labelled: Readonly<Record<string, string>> = {
  google_storage_bucket: 'labels',
  google_pubsub_topic: 'labels',
  google_pubsub_subscription: 'labels',
  google_artifact_registry_repository: 'labels',
  google_cloudfunctions2_function: 'labels',
  google_monitoring_alert_policy: 'user_labels',
  google_monitoring_notification_channel: 'user_labels',
};
const encrypted: Readonly<Record<string, (body: Block) => unknown>> = {
  google_storage_bucket: (body) => body['dynamic'],
  google_pubsub_topic: (body) => body['kms_key_name'],
  google_artifact_registry_repository: (body) => body['kms_key_name'],
  google_cloudfunctions2_function: (body) => body['kms_key_name'],
};

const folders = new Map<string, Folder>();
let terraform: Terraform;
beforeAll(async () => {
  terraform = await readTerraform();
  for (const name of Object.keys(calls)) folders.set(name, await readFolder(join(terraformFolder, name)));
});
const folderOf = (name: string): Folder => {
  const folder = folders.get(name);
  if (folder === undefined) throw new Error(`Expected a folder, got ${name}`);
  return folder;
};

/**
 * References of a folder to variables, fields of variables, values, outputs, data and resources that it
 * lacks.
 */
function unresolved(folder: Folder, called: Folder | undefined): string[] {
  const has = (owner: unknown, name: string) => isBlock(owner) && Object.hasOwn(owner, name);
  const field = ([, name = '', key]: readonly string[]) =>
    key === undefined || new RegExp(`\\b${key}\\b`).test(String(folder.variable[name]?.['type']));
  const kinds: readonly (readonly [RegExp, (match: readonly string[]) => boolean])[] = [
    [/(?<![\w.])var\.(\w+)(?:\.(\w+))?/g, (match) => has(folder.variable, match[1] ?? '') && field(match)],
    [/(?<![\w.])local\.(\w+)/g, ([, name = '']) => has(folder.local, name)],
    [
      /(?<![\w.])module\.(\w+)(?:\[[^\]]+\])?(?:\.(\w+))?/g,
      ([, name = '', output]) =>
        has(folder.module, name) && (output === undefined || has(called?.output, output)),
    ],
    [/(?<![\w.])data\.(\w+)\.(\w+)/g, ([, type = '', name = '']) => has(folder.data[type], name)],
    [
      /(?<![\w./-])((?:google|time)_\w+)\.(\w+)/g,
      ([, type = '', name = '']) => has(folder.resource[type], name),
    ],
  ];
  const texts = textsOf(folder).filter((text) => text.includes('${'));
  return kinds.flatMap(([pattern, isThere]) =>
    texts.flatMap((text) => [...text.matchAll(pattern)].filter((match) => !isThere(match)).map(String)),
  );
}

describe.each(Object.entries(calls))('the folder %s', (name, called) => {
  test('refers to nothing that is not there', () => {
    expect(unresolved(folderOf(name), called === undefined ? undefined : folderOf(called))).toEqual([]);
  });

  test('calls modules with the variables that they have, and all that have no default', () => {
    const variable: Folder['variable'] = called === undefined ? {} : folderOf(called).variable;
    const own = ['source', 'depends_on', 'for_each', 'providers', 'version'];
    const needed = Object.entries(variable).filter(([, body]) => !Object.hasOwn(body, 'default'));
    for (const body of Object.values(folderOf(name).module)) {
      const given = Object.keys(body).filter((key) => !own.includes(key));
      expect(given.filter((key) => !Object.hasOwn(variable, key))).toEqual([]);
      expect(needed.map(([key]) => key).filter((key) => !given.includes(key))).toEqual([]);
    }
  });
});

test('a reference to what is not there is found', async () => {
  const changed = await readFolder(terraformFolder, (text) =>
    text.replace('var.alert_emails', 'var.emails').replace('var.studio.iap', 'var.studio.proxy'),
  );
  const missing = unresolved(changed, folderOf('function')).sort();
  expect(missing).toEqual([
    expect.stringContaining('var.emails'),
    expect.stringContaining('var.studio.proxy'),
  ]);
});

describe('as a module', () => {
  test('it has no provider of its own, and says the project of everything it makes', () => {
    expect(folderOf('.').provider).toEqual({});
    const bare = terraform.resources.filter(
      ({ type, body }) => !withoutProject.test(type) && !body['project'],
    );
    expect(bare.map(({ address }) => address)).toEqual([]);
  });

  test.each(['examples/plain', 'examples/full'])('%s sets up every provider that it needs', (name) => {
    const used = new Set(
      terraform.resources.map(({ type, body }) => String(body['provider'] ?? type.split('_')[0])),
    );
    const needed = [...used]
      .filter((provider) => /google/.test(provider))
      .map((provider) => provider.replace(/[${}]/g, ''));
    const { provider } = folderOf(name);
    expect(Object.keys(provider).sort()).toEqual(needed.sort());
    expect(provider['google-beta']).toEqual(provider['google']);
  });

  test('whatever takes labels has those of the deployment', () => {
    const some = terraform.resources.filter(({ type }) => type in labelled);
    expect(some.length).toBeGreaterThan(20);
    const bare = some.filter(({ type, body }) => body[labelled[type] ?? ''] === undefined);
    expect(bare.map(({ address }) => address)).toEqual([]);
  });

  test('whatever holds pictures, code or names can be encrypted by a key of your own', () => {
    const some = terraform.resources.filter(({ type }) => type in encrypted);
    expect(some.length).toBeGreaterThan(10);
    const bare = some.filter(({ type, body }) => {
      const texts = textsOf(encrypted[type]?.(body)).join();
      return !/local\.kms_key_name|var\.common\.kms_key_name|time_sleep\.key/.test(texts);
    });
    expect(bare.map(({ address }) => address)).toEqual([]);
  });
});
