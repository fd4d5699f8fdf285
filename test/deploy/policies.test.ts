import { beforeAll, describe, expect, test } from 'vitest';
import type { Deployment, Grant } from '../../deploy/docs/deployment.ts';
import { readTerraform, terraformDeployment } from '../../deploy/docs/terraform-deployment.ts';
import { dryRun, trialDeployment } from '../../deploy/docs/trial-deployment.ts';
import { type FunctionName, functionTable } from '../../functions/register.ts';
import { readConfig, settings } from '../../lib/config.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { fitsNewProject } from '../support/new-project.ts';

/** Text of a deployment, and what a mistake makes of it. */
type Mistake = readonly [from: string | RegExp, to: string];

/** A rule that every deployment keeps, and a mistake in each that the rule must find. */
interface Policy {
  readonly rule: string;
  /** What breaks the rule. */
  readonly faults: (deployment: Deployment) => unknown[];
  /** In the files of Terraform. */
  readonly terraform: Mistake;
  /** In the commands that `deploy.sh` prints. */
  readonly trial?: Mistake;
}

/** None of these roles deletes or overwrites objects. Another role is refused until somebody has looked. */
const harmlessRoles = [
  'artifactregistry.writer',
  'ask_model',
  'cloudtasks.enqueuer',
  'cloudkms.cryptoKeyEncrypterDecrypter',
  'control',
  'eventarc.eventReceiver',
  'eventarc.serviceAgent',
  'iam.serviceAccountTokenCreator',
  'iam.serviceAccountUser',
  'iap.httpsResourceAccessor',
  'logging.logWriter',
  'send_batches',
  'pubsub.publisher',
  'pubsub.subscriber',
  'run.invoker',
  'secretmanager.secretAccessor',
  'storage.objectCreator',
  'storage.objectViewer',
];
/** Who calls each function that is not for people. */
const callers: Readonly<Record<string, string>> = {
  'on-upload': 'trigger',
  'run-job': 'tasks',
  sweep: 'scheduler',
};
const pictureBuckets = ['input', 'output'];
/** Who tells of ended jobs, by the right that a setting needs. */
const tellers: Readonly<Record<string, (grant: Grant) => boolean>> = {
  RESULTS_TOPIC: ({ role, on }) => role === 'pubsub.publisher' && on === 'topic results',
  DELIVERY: ({ role }) => role === 'deliver',
};
const isBelowDelivered = ({ on, condition = '' }: Grant): boolean =>
  on === 'bucket output' &&
  /^resource\.name\.startsWith\("projects\/_\/buckets\/[^/]+\/objects\/delivered\/"\)$/.test(condition);
/** Cloud Tasks keeps a task for so long; its claim must outlive it. */
const taskLifeDays = 31;

const isFault = (work: () => unknown): boolean => {
  try {
    work();
    return false;
  } catch {
    return true;
  }
};
const configOf = (entryPoint: string, environment: Record<string, string>) =>
  readConfig(environment, { buckets: functionTable[entryPoint as FunctionName].needsBuckets });

const policies: readonly Policy[] = [
  {
    rule: 'nobody calls a function or sees an object without an identity',
    faults: ({ grants }) => grants.filter(({ identity }) => /^all(Authenticated)?Users$/.test(identity)),
    terraform: ['member   = each.value', 'member   = "allUsers"'],
    trial: ['--no-allow-unauthenticated', ''],
  },
  {
    rule: 'nobody may delete or overwrite objects, but for deliveries below delivered/ (G5)',
    faults: ({ grants }) =>
      grants.filter(
        (grant) =>
          !harmlessRoles.includes(grant.role) && !(grant.role === 'deliver' && isBelowDelivered(grant)),
      ),
    terraform: ['"roles/storage.objectCreator"', '"roles/storage.objectUser"'],
    trial: ['storage.objectCreator', 'storage.objectUser'],
  },
  {
    rule: 'who delivers creates and replaces below delivered/, no more',
    faults: ({ ownRoles: { deliver = [] }, grants }) => [
      ...deliver.filter((name) => !/^storage\.objects\.(create|delete)$/.test(name)),
      ...grants.filter((grant) => grant.role === 'deliver' && !isBelowDelivered(grant)),
    ],
    terraform: ['/objects/delivered/', '/objects/'],
  },
  {
    rule: 'who tells of ended jobs may do so, and nobody else',
    faults: ({ functions, grants }) =>
      Object.entries(tellers).filter(([setting, isRight]) => {
        const telling = functions.filter(({ environment }) => setting in environment);
        const allowed = grants.filter(isRight);
        const names = (list: readonly string[]) => [...list].sort().join();
        return names(telling.map(({ name }) => name)) !== names(allowed.map(({ identity }) => identity));
      }),
    terraform: ['sweep   = module.sweep.member', 'sweep   = module.on_upload.member'],
  },
  {
    rule: 'the role on the control bucket creates, reads and updates, no more',
    faults: ({ ownRoles: { control = ['no role'] } }) =>
      control.filter((name) => !/^storage\.objects\.(create|get|list|update)$/.test(name)),
    terraform: ['"storage.objects.update"', '"storage.objects.update", "storage.objects.delete"'],
    trial: ['storage.objects.update --quiet', 'storage.objects.delete --quiet'],
  },
  {
    rule: 'who asks models may do nothing else with them',
    faults: ({ ownRoles: { ask_model: permissions = [] }, grants }) => [
      ...permissions.filter((name) => name !== 'aiplatform.endpoints.predict'),
      ...grants.filter(({ role }) => role.startsWith('aiplatform.')),
    ],
    terraform: ['google_project_iam_custom_role.ask_model.id', '"roles/aiplatform.user"'],
    trial: ['aiplatform.endpoints.predict --quiet', 'aiplatform.endpoints.create --quiet'],
  },
  {
    rule: 'who sends batches may only submit them and look at them',
    faults: ({ ownRoles: { send_batches: permissions = [] } }) =>
      permissions.filter((name) => !/^aiplatform\.batchPredictionJobs\.(create|get|list)$/.test(name)),
    terraform: ['"aiplatform.batchPredictionJobs.list"', '"aiplatform.batchPredictionJobs.delete"'],
  },
  {
    rule: 'tokens are made for one identity only',
    faults: ({ grants }) =>
      grants.filter(({ role, on }) => role === 'iam.serviceAccountTokenCreator' && on !== 'identity trigger'),
    terraform: [
      'service_account_id = google_service_account.trigger.name',
      'service_account_id = google_service_account.builder.name',
    ],
    trial: ['add-iam-policy-binding inpaint-trial-trigger', 'add-iam-policy-binding inpaint-trial-builder'],
  },
  {
    rule: 'rights on objects are given for one bucket',
    faults: ({ grants }) =>
      grants.filter(
        ({ role, on, condition }) =>
          /^(storage|control|deliver)/.test(role) &&
          !on.startsWith('bucket ') &&
          !condition?.includes('resource.name.startsWith("projects/_/buckets/gcf-v2-sources-'),
      ),
    terraform: ['/buckets/gcf-v2-sources-', '/buckets/'],
    trial: ["--condition='title=sources", "--condition=None --x='title"],
  },
  {
    rule: 'functions for people know the control bucket alone, for costs; the studio alone works on jobs',
    faults: ({ functions, grants }) => [
      ...functions.filter(
        ({ name, environment }) =>
          !(name in callers) &&
          name !== 'studio' &&
          Object.keys(environment).some((key) => /BUCKET/.test(key) && key !== 'CONTROL_BUCKET'),
      ),
      ...grants.filter(
        ({ identity, role, on, condition }) =>
          ['edit', 'mask', 'generate', 'upscale'].includes(identity) &&
          on.startsWith('bucket ') &&
          !(`${role} on ${on}` === 'control on bucket control' && condition?.includes('/objects/cost/')),
      ),
    ],
    terraform: ['environment     = local.engine_settings', 'environment     = local.job_settings'],
    trial: ['/objects/cost/', '/objects/'],
  },
  {
    rule: 'each function runs as an identity of its own',
    faults: ({ functions }) => {
      const identities = functions.map(({ identity }) => identity);
      return identities.filter((name, index) => name === '' || identities.indexOf(name) !== index);
    },
    terraform: ['google_service_account.this.email', '"shared@example.com"'],
    trial: ['--run-service-account=inpaint-trial-edit', '--run-service-account=inpaint-trial-on-upload'],
  },
  {
    rule: 'a function that is not for people takes requests from inside the project only',
    faults: ({ functions }) => functions.filter(({ name, isInternal }) => name in callers && !isInternal),
    terraform: ['"ALLOW_INTERNAL_ONLY"', 'var.ingress'],
    trial: ['internal-only', 'all'],
  },
  {
    rule: 'a function that is not for people may be called by one service only',
    faults: ({ functions, grants }) =>
      functions
        .filter(({ name }) => name in callers)
        .filter(({ name }) => {
          const invokers = grants.filter(
            ({ role, on }) => role === 'run.invoker' && on === `function ${name}`,
          );
          return invokers.map(({ identity }) => identity).join() !== callers[name];
        }),
    terraform: ['{ tasks = google', '{ users = google_service_account.builder.member, tasks = google'],
    trial: [/--member=\S+trigger\S+(?=\n\n# sweep)/, '--member=user:somebody'],
  },
  {
    rule: 'every entry point is a registered function',
    faults: ({ functions }) => functions.filter(({ entryPoint }) => !(entryPoint in functionTable)),
    terraform: ['entry_point     = "sweep"', 'entry_point     = "sweeper"'],
    trial: ['--entry-point=edit', '--entry-point=edits'],
  },
  {
    rule: 'every variable is a setting, and none is a secret',
    faults: ({ functions }) =>
      functions
        .flatMap(({ environment }) => Object.keys(environment))
        .filter(
          (name) =>
            !['NODE_ENV', 'NODE_OPTIONS', 'MALLOC_ARENA_MAX'].includes(name) &&
            (!(name in settings) || /KEY|SECRET|TOKEN|PASSWORD/.test(name)),
        ),
    terraform: ['DAILY_COST_CAP_USD =', 'DAILY_COST_CAP ='],
    trial: ['ENGINE=', 'API_KEY='],
  },
  {
    rule: 'every function starts with its environment',
    faults: ({ functions }) =>
      functions
        .filter(({ entryPoint }) => entryPoint in functionTable)
        .filter(({ entryPoint, environment }) => isFault(() => configOf(entryPoint, environment))),
    terraform: [
      'OUTPUT_BUCKET = google_storage_bucket.output.name',
      'OUTPUT_BUCKET = google_storage_bucket.input.name',
    ],
    trial: [/,OUTPUT_BUCKET=[^,]+/, ''],
  },
  {
    rule: 'errors are answered without paths of files',
    faults: ({ functions }) =>
      functions.filter(({ environment }) => environment['NODE_ENV'] !== 'production'),
    terraform: ['NODE_ENV = "production"', 'NODE_ENV = "development"'],
    trial: [',NODE_ENV=production', ''],
  },
  {
    rule: 'memory that one thread gave back is used by the others',
    faults: ({ functions }) => functions.filter(({ environment }) => environment['MALLOC_ARENA_MAX'] !== '1'),
    terraform: ['MALLOC_ARENA_MAX = "1"', 'MALLOC_ARENA_MAX = "8"'],
    trial: [',MALLOC_ARENA_MAX=1', ''],
  },
  {
    rule: 'the room for young objects is limited',
    faults: ({ functions }) =>
      functions.filter(({ environment }) => environment['NODE_OPTIONS'] !== '--max-semi-space-size=8'),
    terraform: ['--max-semi-space-size=8', '--max-semi-space-size=80'],
    trial: [',NODE_OPTIONS=--max-semi-space-size=8', ''],
  },
  {
    rule: 'the deadline of an edit ends before the timeout of its function, and that before the wait of a task',
    faults: ({ functions }) =>
      functions.filter(({ environment: { EDIT_DEADLINE_MS, MODEL_TIER = 'standard' }, timeoutSeconds }) => {
        const { editDeadlineMs } = readConfig(EDIT_DEADLINE_MS === undefined ? {} : { EDIT_DEADLINE_MS });
        const { taskDeadlineMs } = readConfig({ MODEL_TIER }).budget;
        return !(editDeadlineMs < timeoutSeconds * 1000 && timeoutSeconds * 1000 < taskDeadlineMs);
      }),
    terraform: ['timeout_seconds = 540', 'timeout_seconds = 600'],
    trial: ['--timeout=540s', '--timeout=60s'],
  },
  {
    rule: 'an instance that edits takes one picture at a time',
    faults: ({ functions }) =>
      functions
        .filter(({ entryPoint, environment }) =>
          entryPoint === 'onUpload' ? !environment['TASKS_QUEUE'] : ['edit', 'runJob'].includes(entryPoint),
        )
        .filter(({ concurrency }) => concurrency !== 1),
    terraform: ['cpu             = 2\n  concurrency     = 1', 'cpu             = 2\n  concurrency     = 4'],
    trial: ['--concurrency=1', '--concurrency=4'],
  },
  {
    rule: 'each function says what it takes, and fits the quota of a new project',
    faults: ({ functions }) =>
      functions.filter(
        ({ memory, cpu, maxInstances, minInstances, concurrency }) =>
          !/^\d+[MG]i$/.test(memory) ||
          !fitsNewProject({ cpu, memory, maxInstances }) ||
          Number.isNaN(minInstances + concurrency),
      ),
    terraform: ['default     = 10', 'default     = 11'],
    trial: ['--memory=4Gi', ''],
  },
  {
    rule: 'functions run on the Node of the npm scripts',
    faults: ({ functions }) => {
      const [major] = packageJson.devDependencies.node.split('.');
      return functions.filter(({ runtime }) => runtime !== `nodejs${major}`);
    },
    terraform: ['"nodejs24"', '"nodejs22"'],
    trial: ['nodejs24', 'nodejs22'],
  },
  {
    rule: 'buckets are private and distinct',
    faults: ({ buckets }) => [
      ...buckets.filter(({ isPrivate }) => !isPrivate),
      ...buckets.filter(({ name }, index) => buckets.findIndex((other) => other.name === name) !== index),
    ],
    terraform: ['name}-output"', 'name}-input"'],
    trial: ['--public-access-prevention', ''],
  },
  {
    rule: 'pictures are never deleted by a rule (G5)',
    faults: ({ buckets }) =>
      buckets.filter(
        ({ purpose, deletedAfterDays, isForced }) =>
          pictureBuckets.includes(purpose) && (deletedAfterDays !== undefined || isForced),
      ),
    terraform: ['uniform_bucket_level_access', 'force_destroy = true\n  uniform_bucket_level_access'],
  },
  {
    rule: 'claims are deleted for good, after the last task that needs them',
    faults: ({ buckets }) => {
      const isRight = buckets
        .filter(({ purpose }) => purpose === 'control')
        .map(({ deletedAfterDays = 0, keepsDeleted }) => deletedAfterDays > taskLifeDays && !keepsDeleted);
      return isRight.join() === 'true' ? [] : buckets;
    },
    terraform: ['age = 32', 'age = 7'],
    trial: ['--clear-soft-delete', ''],
  },
  {
    rule: 'uploads to the input bucket are delivered again when they fail',
    faults: ({ triggers, buckets }) => {
      const region = buckets.find(({ purpose }) => purpose === 'input')?.region;
      const isRight = triggers.map(
        (trigger) =>
          trigger.bucket === 'input' &&
          trigger.region === region &&
          trigger.isRepeated &&
          trigger.identity !== '',
      );
      return isRight.join() === 'true' ? [] : triggers;
    },
    terraform: ['["OBJECT_FINALIZE"]', '["OBJECT_DELETE"]'],
    trial: ['--retry --trigger', '--trigger'],
  },
  {
    rule: 'a queue has a rate and never drops a task',
    faults: ({ queues }) =>
      queues.filter(
        ({ maxAttempts, maxRetryDuration, perSecond, atOnce }) =>
          maxAttempts !== -1 || maxRetryDuration !== undefined || !(perSecond > 0) || !(atOnce > 0),
      ),
    terraform: ['max_attempts = -1', 'max_attempts = 100'],
  },
];

const ways: Readonly<Record<string, () => Promise<Deployment>>> = {
  Terraform: async () => terraformDeployment(await readTerraform()),
  'Terraform with flex': async () =>
    terraformDeployment(
      await readTerraform((text) => text.replace('default     = "standard"', 'default     = "flex"')),
    ),
  'deploy.sh': async () => trialDeployment(dryRun()),
  'deploy.sh with a model': async () =>
    trialDeployment(dryRun('--engine', 'gemini', '--daily-cap-usd', '2.50')),
  'deploy.sh with an endpoint': async () =>
    trialDeployment(dryRun('--engine', 'endpoint', '--endpoint-id', '1234', '--location', 'europe-west1')),
};

describe.each(Object.entries(ways))('%s keeps the rule:', (_, read) => {
  let deployment: Deployment;
  beforeAll(async () => {
    deployment = await read();
  });

  test.each(policies)('$rule', ({ faults }) => {
    expect(faults(deployment)).toEqual([]);
  });
});

let printed: string | undefined;
const withModel = () => (printed ??= dryRun('--engine', 'gemini'));

describe('a mistake breaks the rule:', () => {
  test.each(policies)('$rule', async ({ faults, terraform: [from, to], trial }) => {
    let isChanged = false;
    const withMistake = (text: string) => {
      const changed = text.replace(from, to);
      isChanged ||= changed !== text;
      return changed;
    };
    const terraform = terraformDeployment(await readTerraform(withMistake));
    expect(isChanged).toBe(true);
    expect(faults(terraform)).not.toEqual([]);
    if (trial === undefined) return;
    const script = withModel();
    const mistaken = script.replace(...trial);
    expect(mistaken).not.toBe(script);
    expect(faults(trialDeployment(mistaken))).not.toEqual([]);
  });
});
