import { z } from 'zod';
import { type Fault, type Google, read, refused } from './google.ts';
import { accountOf, deployAgain, isTrial, type Place } from './place.ts';
import { asksVertex } from './project.ts';

const policySchema = z.object({
  bindings: z.array(z.object({ role: z.string(), members: z.array(z.string()).default([]) })).default([]),
});

interface Right {
  readonly what: string;
  /** Whose policy has it. */
  readonly policy: string;
  /** Policies of projects and identities are asked for by POST. */
  readonly post?: object;
  readonly role: RegExp;
  readonly member: string;
  readonly mend: string;
}

/** Looks for rights that, when they are missing, stop events or jobs without a word where people look. */
export async function rights(place: Place): Promise<Fault[]> {
  const needed = [
    publishing(place),
    makingTokens(place),
    calling(place),
    ...(asksVertex(place) ? [asking(place)] : []),
    ...telling(place),
  ];
  const faults = await Promise.all(needed.map((right) => rightFaults(right, place.google)));
  return faults.flat();
}

async function rightFaults(
  { what, policy, post, role, member, mend }: Right,
  google: Google,
): Promise<Fault[]> {
  const reply = await google(policy, post);
  const bindings = read(reply, policySchema)?.bindings;
  if (bindings === undefined) return [refused(reply, `to see the right of ${what}`, mend)];
  const has = bindings.some((one) => role.test(one.role) && one.members.includes(`serviceAccount:${member}`));
  return has ? [] : [{ message: `Expected the right of ${what}, got none`, mend }];
}

const agent = ({ number }: Place, domain: string): string =>
  `service-${number}@${domain}.iam.gserviceaccount.com`;
const policyOf = ({ project }: Place): string =>
  `https://cloudresourcemanager.googleapis.com/v1/projects/${project}:getIamPolicy`;

function adding(
  { project }: Place,
  on: string,
  { member, role }: { readonly member: string; readonly role: string },
) {
  const [what, ...name] = on.split(' of ');
  return `gcloud ${what} add-iam-policy-binding ${name} --project=${project} --member=serviceAccount:${member} --role=${role}`;
}

function publishing(place: Place): Right {
  const { project, name } = place;
  const [member, role] = [agent(place, 'gs-project-accounts'), 'roles/pubsub.publisher'];
  const common = { what: 'Cloud Storage to publish events', role: /^roles\/pubsub\.publisher$/, member };
  if (isTrial(place)) {
    return {
      ...common,
      policy: policyOf(place),
      post: {},
      mend: adding(place, `projects of ${project}`, { member, role }),
    };
  }
  return {
    ...common,
    policy: `https://pubsub.googleapis.com/v1/projects/${project}/topics/${name}-uploads:getIamPolicy`,
    mend: adding(place, `pubsub topics of ${name}-uploads`, { member, role }),
  };
}

function makingTokens(place: Place): Right {
  const trigger = accountOf(place, 'trigger');
  const [member, role] = [agent(place, 'gcp-sa-pubsub'), 'roles/iam.serviceAccountTokenCreator'];
  return {
    what: 'Pub/Sub to make tokens of the trigger',
    policy: `https://iam.googleapis.com/v1/projects/${place.project}/serviceAccounts/${trigger}:getIamPolicy`,
    post: {},
    role: /^roles\/iam\.serviceAccountTokenCreator$/,
    member,
    mend: adding(place, `iam service-accounts of ${trigger}`, { member, role }),
  };
}

function calling(place: Place): Right {
  const { project, region, name } = place;
  const [member, role] = [accountOf(place, 'trigger'), 'roles/run.invoker'];
  return {
    what: 'the trigger to call onUpload',
    policy: `https://run.googleapis.com/v2/projects/${project}/locations/${region}/services/${name}-on-upload:getIamPolicy`,
    role: /^roles\/run\.invoker$/,
    member,
    mend: `${adding(place, `run services of ${name}-on-upload`, { member, role })} --region=${region}`,
  };
}

function asking(place: Place): Right {
  return {
    what: 'the worker to ask models',
    policy: policyOf(place),
    post: {},
    role: /_ask_model$|^roles\/aiplatform\.user$/,
    member: accountOf(place, isTrial(place) ? 'on-upload' : 'run-job'),
    mend: deployAgain(place),
  };
}

/** A topic of results may lie in another project. */
function telling(place: Place): Right[] {
  const { topic } = place.config.results;
  if (topic === undefined) return [];
  const role = 'roles/pubsub.publisher';
  return [isTrial(place) ? 'on-upload' : 'run-job', 'sweep'].map((own) => {
    const member = accountOf(place, own);
    return {
      what: `${place.name}-${own} to tell of results`,
      policy: `https://pubsub.googleapis.com/v1/${topic}:getIamPolicy`,
      role: /^roles\/pubsub\.publisher$/,
      member,
      mend: `gcloud pubsub topics add-iam-policy-binding ${topic} --member=serviceAccount:${member} --role=${role}`,
    };
  });
}
