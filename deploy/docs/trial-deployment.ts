import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import lifecycle from '../gcloud/control-lifecycle.json' with { type: 'json' };
import { agentOf, type Bucket, type DeployedFunction, type Deployment, type Grant } from './deployment.ts';
import { type GcloudCommand, gcloudCommands } from './gcloud-commands.ts';

export const deployScript: string = join(import.meta.dirname, '../deploy.sh');

/** The shell script that `deploy.sh --dry-run` prints for a project `my-project`. */
export const dryRun = (...options: string[]): string =>
  execFileSync(deployScript, ['my-project', 'europe-west4', '--dry-run', ...options], { encoding: 'utf8' });

/** What the commands of `deploy.sh` make, with its defaults or more options. */
export function trialDeployment(script: string): Deployment {
  const commands = gcloudCommands(script);
  const starting = (...words: string[]) =>
    commands.filter((command) => words.every((word, index) => command.words[index] === word));
  const deployed = starting('functions', 'deploy');
  const updated = starting('storage', 'buckets', 'update');
  return {
    functions: deployed.map(functionOf),
    grants: [
      ...commands.filter(({ words }) => words.includes('add-iam-policy-binding')).map(grantOf),
      ...commands.filter(({ words }) => words.includes('add-invoker-policy-binding')).map(invokerOf),
      // Whoever may call a function without an identity is everybody.
      ...deployed
        .filter(isOpen)
        .map(({ words }) => grantTo('allUsers', 'run.invoker', `function ${words[2]}`)),
    ],
    buckets: starting('storage', 'buckets', 'create').map((command) => bucketOf(command, updated)),
    triggers: deployed
      .filter(({ flags }) => flags.has('--trigger-bucket'))
      .map(({ flags }) => ({
        bucket: purposeOf(flags.get('--trigger-bucket')),
        region: flags.get('--trigger-location') ?? '',
        identity: identityOf(flags.get('--trigger-service-account')),
        isRepeated: flags.has('--retry'),
      })),
    queues: [],
    ownRoles: Object.fromEntries(
      starting('iam', 'roles', 'update').map(({ words, flags }) => [
        ownRole(words[3]),
        (flags.get('--permissions') ?? '').split(','),
      ]),
    ),
  };
}

function functionOf({ words, flags }: GcloudCommand): DeployedFunction {
  const text = (name: string) => flags.get(`--${name}`) ?? '';
  const number = (name: string) => Number.parseInt(text(name), 10);
  return {
    name: ownName(words[2]),
    entryPoint: text('entry-point'),
    runtime: text('runtime'),
    identity: identityOf(text('run-service-account')),
    environment: environmentOf(text('set-env-vars')),
    memory: text('memory'),
    cpu: number('cpu'),
    concurrency: number('concurrency'),
    minInstances: number('min-instances'),
    maxInstances: number('max-instances'),
    timeoutSeconds: number('timeout'),
    isInternal: text('ingress-settings') === 'internal-only',
  };
}

function environmentOf(settings: string): Record<string, string> {
  const pairs = settings.split(',').filter((pair) => pair !== '');
  return Object.fromEntries(
    pairs.map((pair) => [pair.split('=')[0] ?? '', pair.slice(pair.indexOf('=') + 1)]),
  );
}

const isOpen = ({ flags }: GcloudCommand): boolean =>
  flags.has('--allow-unauthenticated') ||
  (flags.has('--trigger-http') && !flags.has('--no-allow-unauthenticated'));

const grantTo = (identity: string, role: string, on: string, condition?: string): Grant => ({
  identity,
  role,
  on,
  condition,
});

function grantOf({ words, flags }: GcloudCommand): Grant {
  const role = flags.get('--role') ?? '';
  const condition = flags.get('--condition') ?? 'None';
  return grantTo(
    identityOf(flags.get('--member')),
    ownRole(role.replace(/^.*roles\//, '')),
    placeOf(words),
    condition === 'None' ? undefined : condition,
  );
}

const invokerOf = ({ words, flags }: GcloudCommand): Grant =>
  grantTo(identityOf(flags.get('--member')), 'run.invoker', `function ${ownName(words.at(-1))}`);

function placeOf([group, kind, , name]: readonly string[]): string {
  if (kind === 'service-accounts') return `identity ${identityOf(name)}`;
  if (group === 'storage') return `bucket ${purposeOf(name)}`;
  return group === 'artifacts' ? 'images' : 'project';
}

const ownName = (name = ''): string => name.replace(/^inpaint-trial-/, '');
const ownRole = (name = ''): string => name.replace(/^inpaint_trial_/, '');
const purposeOf = (bucket = ''): string => /-inpaint-trial-(\w+)$/.exec(bucket)?.[1] ?? 'unknown';

/** `serviceAccount:inpaint-trial-edit@my-project.iam.gserviceaccount.com` -> `edit`. */
function identityOf(member = ''): string {
  return agentOf(member) ?? ownName(member.replace(/^serviceAccount:/, '').replace(/@.*$/, ''));
}

function bucketOf({ words, flags }: GcloudCommand, updates: readonly GcloudCommand[]): Bucket {
  const name = String(words[3]);
  const update = updates.find((command) => command.words[3] === name);
  const isRuled = update?.flags.has('--lifecycle-file') ?? false;
  return {
    purpose: purposeOf(name),
    name: name.replace('gs://', ''),
    region: flags.get('--location') ?? '',
    isPrivate: flags.has('--uniform-bucket-level-access') && flags.has('--public-access-prevention'),
    deletedAfterDays: isRuled ? controlAgeDays : undefined,
    keepsDeleted: !update?.flags.has('--clear-soft-delete'),
    isForced: false,
  };
}

/** As `deploy/gcloud/control-lifecycle.json` says. */
const controlAgeDays = lifecycle.rule[0]?.condition.age;
