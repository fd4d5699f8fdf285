import { type Document, isMap, isScalar, type Node, parseDocument, visit } from 'yaml';

interface Workflow {
  readonly permissions?: unknown;
  readonly concurrency?: unknown;
  readonly jobs?: Readonly<Record<string, Job>>;
}

interface Job {
  readonly permissions?: unknown;
  readonly 'timeout-minutes'?: unknown;
  readonly 'runs-on'?: unknown;
  readonly steps?: readonly Step[];
}

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

type Policy = (workflow: Workflow, document: Document) => string[];

const jobsOf = ({ jobs = {} }: Workflow) => Object.entries(jobs);
const stepsOf = (workflow: Workflow) => jobsOf(workflow).flatMap(([, { steps = [] }]) => steps);

/** What must hold for every workflow, each rule by its name: faults, or none. */
export const workflowPolicies = {
  'actions are pinned': (workflow) =>
    stepsOf(workflow)
      .map(({ uses }) => uses ?? '')
      .filter((uses) => uses !== '' && !/^[\w./-]+@[0-9a-f]{40}$/.test(uses)),

  'a pin names its version': (_, document) =>
    pinsOf(document)
      .filter(([, comment]) => !/^ v\d+\.\d+\.\d+$/.test(comment))
      .map(([pin]) => pin),

  'a pin has one version': (_, document) => {
    const byAction = new Map<string, Set<string>>();
    for (const [pin, comment] of pinsOf(document)) {
      const [action = ''] = pin.split('@');
      byAction.set(action, (byAction.get(action) ?? new Set()).add(pin + comment));
    }
    return [...byAction].filter(([, pins]) => pins.size > 1).map(([action]) => action);
  },

  'rights are the least': (workflow) => [
    ...(JSON.stringify(workflow.permissions) === '{"contents":"read"}' ? [] : ['the workflow']),
    ...jobsOf(workflow)
      .filter(([, { permissions }]) => permissions !== undefined)
      .map(([name]) => name),
  ],

  'no token stays behind': (workflow) =>
    stepsOf(workflow)
      .filter(
        ({ uses, with: options }) =>
          uses?.startsWith('actions/checkout@') && options?.['persist-credentials'] !== false,
      )
      .map(({ uses }) => uses ?? ''),

  'every job ends': (workflow) =>
    jobsOf(workflow)
      .filter(([, job]) => !(Number(job['timeout-minutes']) <= 30))
      .map(([name]) => name),

  'the machine has a version': (workflow) =>
    jobsOf(workflow)
      .filter(([, job]) => !/-\d+\.\d+$/.test(String(job['runs-on'])))
      .map(([name]) => name),

  'older runs are given up': (workflow) => {
    const { group, ['cancel-in-progress']: isCancelling } = (workflow.concurrency ?? {}) as Record<
      string,
      unknown
    >;
    return typeof group === 'string' && group.includes('github.ref') && isCancelling === true
      ? []
      : ['concurrency'];
  },

  'nothing of an event is run as a script': (workflow) =>
    stepsOf(workflow)
      .map(({ run }) => run ?? '')
      .filter((run) => /\$\{\{\s*(github\.(event|head_ref)|inputs|secrets)/.test(run)),

  'packages come from the lockfile': (workflow) =>
    stepsOf(workflow)
      .map(({ run }) => run ?? '')
      .filter((run) => /\bnpm (i|install|add)\b|\bnpx\b/.test(run)),
} satisfies Record<string, Policy>;

/** `owner/action@sha` of every step, with the comment behind it. */
function pinsOf(document: Document): [pin: string, comment: string][] {
  const pins: [string, string][] = [];
  visit(document, {
    Pair(_, { key, value }) {
      if (isScalar(key) && key.value === 'uses' && isScalar(value))
        pins.push([String(value.value), value.comment ?? '']);
    },
  });
  return pins;
}

/** `rule: fault` for every fault. @throws when the text is no YAML mapping. */
export function workflowFaults(text: string): string[] {
  const document = parseDocument(text, { uniqueKeys: true });
  const [error] = document.errors;
  if (error !== undefined) throw error;
  if (!isMap(document.contents as Node)) throw new TypeError('Expected a workflow, got no mapping');
  const workflow = document.toJS() as Workflow;
  return Object.entries(workflowPolicies).flatMap(([rule, policy]: [string, Policy]) =>
    policy(workflow, document).map((fault) => `${rule}: ${fault}`),
  );
}
