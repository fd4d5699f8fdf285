import { functionTable } from '../../functions/register.ts';
import { readConfig, settings } from '../../lib/config.ts';
import packageJson from '../../package.json' with { type: 'json' };
import type { GcloudCommand } from './gcloud-commands.ts';

/** Roles that a deployment may give; none of them contains a right to delete or overwrite objects. */
const harmlessRoles = new Set([
  'roles/storage.objectViewer',
  'roles/storage.objectCreator',
  'roles/aiplatform.user',
  'roles/eventarc.eventReceiver',
  'roles/logging.logWriter',
  'roles/artifactregistry.writer',
  'roles/pubsub.publisher',
]);
const isOwnRole = (role: string) => /^projects\/[^/]+\/roles\//.test(role);

/** Set for the framework, which reads it itself. */
const frameworkSettings = new Set(['NODE_ENV']);

type Policy = (commands: readonly GcloudCommand[]) => string[];

const starting = (commands: readonly GcloudCommand[], ...words: string[]) =>
  commands.filter((command) => words.every((word, index) => command.words[index] === word));
const deployments = (commands: readonly GcloudCommand[]) => starting(commands, 'functions', 'deploy');

/** What must hold for the commands of a deployment, each rule by its name: faults, or none. */
export const policies = {
  'nobody calls without an identity': (commands) => [
    ...commands
      .filter(({ line }) => /all(Authenticated)?Users|--allow-unauthenticated/.test(line))
      .map(({ line }) => line),
    ...deployments(commands)
      .filter(({ flags }) => flags.has('--trigger-http') && !flags.has('--no-allow-unauthenticated'))
      .map(({ words }) => `${words[2]} is open`),
  ],

  'nobody may delete objects': (commands) => [
    ...commands
      .map(({ flags }) => flags.get('--role') ?? '')
      .filter((role) => role !== '' && !harmlessRoles.has(role) && !isOwnRole(role)),
    ...commands
      .flatMap(({ flags }) => (flags.get('--permissions') ?? '').split(','))
      .filter((right) => /delete|setIamPolicy|\*/i.test(right)),
  ],

  'rights on objects are given by the bucket': (commands) =>
    starting(commands, 'projects', 'add-iam-policy-binding')
      .filter(({ flags }) => /storage\.|\/roles\//.test(flags.get('--role') ?? ''))
      .filter(({ flags }) => !flags.get('--condition')?.includes('resource.name.startsWith('))
      .map(({ line }) => line),

  'each function has its own identity': (commands) => {
    const identities = deployments(commands).map(({ flags }) => flags.get('--run-service-account') ?? '');
    return new Set(identities).size === identities.length && identities.every((identity) => identity !== '')
      ? []
      : identities;
  },

  'each function says what it takes': (commands) => {
    const needed = ['--memory', '--cpu', '--concurrency', '--timeout', '--max-instances', '--min-instances'];
    needed.push(
      '--ingress-settings',
      '--build-service-account',
      '--docker-repository',
      '--project',
      '--region',
    );
    return deployments(commands).flatMap(({ words, flags }) =>
      needed.filter((flag) => !flags.get(flag)).map((flag) => `${words[2]} without ${flag}`),
    );
  },

  'the runtime is the one that npm scripts bring': (commands) => {
    const [major] = packageJson.devDependencies.node.split('.');
    return deployments(commands)
      .map(({ flags }) => flags.get('--runtime') ?? '')
      .filter((runtime) => runtime !== `nodejs${major}`);
  },

  'events come again': (commands) =>
    deployments(commands)
      .filter(({ flags }) => flags.has('--trigger-bucket'))
      .filter(({ flags }) => !flags.has('--retry') || !flags.get('--trigger-service-account'))
      .map(({ line }) => line),

  'the trigger is where its bucket is': (commands) => {
    const places = new Map(
      starting(commands, 'storage', 'buckets', 'create').map(({ words, flags }) => [
        words[3]?.replace('gs://', ''),
        flags.get('--location'),
      ]),
    );
    return deployments(commands)
      .filter(({ flags }) => flags.has('--trigger-bucket'))
      .filter(
        ({ flags }) =>
          flags.get('--trigger-location') !== places.get(flags.get('--trigger-bucket')) ||
          flags.get('--trigger-bucket') !== environmentOf(flags)['INPUT_BUCKET'],
      )
      .map(({ line }) => line);
  },

  'buckets are private': (commands) =>
    starting(commands, 'storage', 'buckets', 'create')
      .filter(
        ({ flags }) =>
          !flags.has('--uniform-bucket-level-access') || !flags.has('--public-access-prevention'),
      )
      .map(({ line }) => line),

  'every setting is known': (commands) =>
    deployments(commands)
      .flatMap(({ flags }) => Object.keys(environmentOf(flags)))
      .filter((name) => !(name in settings) && !frameworkSettings.has(name)),

  'the function starts with its settings': (commands) => deployments(commands).flatMap(configurationFaults),
} satisfies Record<string, Policy>;

/** Reads the settings as the function would when it starts. */
function configurationFaults({ flags }: GcloudCommand): string[] {
  const entryPoint = flags.get('--entry-point') ?? '';
  if (!(entryPoint in functionTable)) return [`no function ${entryPoint}`];
  const { needsBuckets: buckets } = functionTable[entryPoint as keyof typeof functionTable];
  try {
    const { editDeadlineMs } = readConfig(environmentOf(flags), { buckets });
    const timeoutMs = Number.parseInt(flags.get('--timeout') ?? '', 10) * 1000;
    return editDeadlineMs < timeoutMs ? [] : [`${entryPoint}: its deadline is beyond its timeout`];
  } catch (error) {
    return [String(error)];
  }
}

function environmentOf(flags: ReadonlyMap<string, string>): Record<string, string> {
  const pairs = (flags.get('--set-env-vars') ?? '').split(',').filter((pair) => pair !== '');
  return Object.fromEntries(
    pairs.map((pair) => [pair.split('=')[0] ?? '', pair.slice(pair.indexOf('=') + 1)]),
  );
}

/** `rule: fault` for every fault. */
export function policyFaults(commands: readonly GcloudCommand[]): string[] {
  return Object.entries(policies).flatMap(([rule, policy]) =>
    policy(commands).map((fault) => `${rule}: ${fault}`),
  );
}
