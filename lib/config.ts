import { z } from 'zod';
import { EditError } from './errors.ts';
import { type Budget, budgetWithin, flexDeadlineMs } from './jobs/claim/budget.ts';
import { type Setting, type SettingGroup, settingTable } from './settings.ts';

/** Largest request, and largest answer that is not streamed. @see https://cloud.google.com/run/quotas */
const cloudRunMaxBytes = 32 * 1024 * 1024;

/** All settings below a node of the table. */
type SettingsOf<Node> = Node extends Setting
  ? Node
  : { [Key in keyof Node]: SettingsOf<Node[Key]> }[keyof Node];
/** A node of the table with the values of its settings in their place. */
type ValuesOf<Node> = Node extends Setting
  ? z.output<Node['schema']>
  : { readonly [Key in keyof Node]: ValuesOf<Node[Key]> };
type Settings = {
  readonly [S in SettingsOf<typeof settingTable> as S['variable']]: S['schema'];
};

const isSetting = (node: Setting | SettingGroup): node is Setting => typeof node.variable === 'string';

function settingsIn(group: SettingGroup): readonly Setting[] {
  return Object.values(group).flatMap((node) => (isSetting(node) ? [node] : settingsIn(node)));
}

/** Environment variable -> its schema. */
export const settings = Object.fromEntries(
  settingsIn(settingTable).map(({ variable, schema, description }) => [
    variable,
    schema.describe(description),
  ]),
) as Settings;

const environmentSchema = z.object(settings);
type Environment = Readonly<Record<string, string | undefined>>;

export type Config = ReturnType<typeof configOf>;

/**
 * Reads the environment once; every fault is listed, not just the first.
 *
 * @param needs `buckets` when the function to be served works on buckets.
 * @throws {EditError} `CONFIG_INVALID` with one line for each fault.
 */
export function readConfig(
  environment: Environment,
  needs: { readonly buckets: boolean } = { buckets: false },
): Config {
  // An empty variable counts as unset: deployment tools write both.
  const set = Object.entries(environment).filter(([, text]) => text !== '');
  const parsed = environmentSchema.safeParse(Object.fromEntries(set));
  const issues = parsed.success ? [] : parsed.error.issues;
  const faults = [
    ...issues.map(({ path, message }) => {
      const got = JSON.stringify(environment[String(path[0])]);
      return `${path.join('.')}: ${message}, got ${got}`;
    }),
    ...bucketFaults(environment, needs.buckets),
    ...(environment['TASKS_QUEUE'] && !environment['RUN_JOB_URL']
      ? ['RUN_JOB_URL: expected a URL beside TASKS_QUEUE, got none']
      : []),
  ];
  if (!parsed.success || faults.length > 0) {
    throw new EditError('CONFIG_INVALID', `Expected a valid configuration, got:\n  ${faults.join('\n  ')}`);
  }
  return configOf(valuesIn(settingTable, parsed.data) as ValuesOf<typeof settingTable>);
}

/** Buckets must be distinct: a result written to the input bucket would be an upload again. */
function bucketFaults(environment: Environment, areNeeded: boolean): readonly string[] {
  const variables = settingsIn(settingTable.buckets).map(({ variable }) => variable);
  const set = variables.filter((variable) => environment[variable]);
  // The control bucket alone counts the cost of HTTP functions.
  const isEnough = set.every((variable) => variable === settingTable.buckets.control.variable);
  if (isEnough && !areNeeded) return [];
  const faults = variables
    .filter((variable) => !environment[variable])
    .map((variable) => `${variable}: expected a bucket name, got none`);
  const names = set.map((variable) => environment[variable]);
  if (new Set(names).size < names.length) {
    faults.push(`${set.join(', ')}: expected distinct buckets, got ${names.join(', ')}`);
  }
  return faults;
}

function valuesIn(group: SettingGroup, environment: Readonly<Record<string, unknown>>): object {
  const values = Object.entries(group).map(([key, node]) => [
    key,
    isSetting(node) ? environment[node.variable] : valuesIn(node, environment),
  ]);
  return Object.fromEntries(values);
}

/** The values of all settings, and what follows from several of them. */
function configOf(values: ValuesOf<typeof settingTable>) {
  const { input, output, control } = values.buckets;
  const { name: queue, runJobUrl } = values.queue;
  const { name: service, version } = values.service;
  const longestMs = values.modelTier === 'flex' ? flexDeadlineMs : undefined;
  const budget: Budget = { ...budgetWithin(values.editDeadlineMs, longestMs), ...values.budget };
  return {
    ...values,
    budget,
    /** `undefined` when not all are named: enough for the HTTP functions. */
    buckets: input && output && control ? { input, output, control } : undefined,
    /** As it was set; `undefined` also where there is to be none. */
    dailyCostCapUsd: values.dailyCostCapUsd === 'none' ? undefined : values.dailyCostCapUsd,
    isCostCapOff: values.dailyCostCapUsd === 'none',
    /** Where the cost of the day is counted; may be known without the other two. */
    controlBucket: control,
    /** `undefined`: jobs run where their event arrives. */
    queue: queue && runJobUrl ? { ...values.queue, name: queue, runJobUrl } : undefined,
    /** `undefined` outside of Cloud Run. */
    service: service === undefined ? undefined : { name: service, version },
    hasStudio: (values.studio ?? (service === undefined ? 'on' : 'off')) === 'on',
    /** `undefined`: answers of any size. */
    maxAnswerBytes: service === undefined ? undefined : cloudRunMaxBytes,
  };
}
