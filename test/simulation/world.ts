import type { CloudEvent } from '@google-cloud/functions-framework';
import { budgetWithin } from '../../lib/jobs/claim/budget.ts';
import { put } from '../support/memory-store.ts';
import { changesOf, hasEnded, sawInput, setNow, startAudit, stemOf, violate } from './audit.ts';
import { type Functions, startInstance, terminate } from './functions.ts';
import { type Instance, type Machine, startMachine } from './machine.ts';
import { endTask, modelUrl, queueUrl, startServices, type Task, topicHost } from './services.ts';
import { type Story, storyOf } from './story.ts';

/** What an instance is asked to do, again and again until it is done. */
export interface Delivery {
  readonly kind: 'event' | 'task' | 'sweep' | 'call';
  readonly what: string;
  readonly dueMs: number;
  readonly tries: number;
  /** Answered in good order; else it comes again after this time. */
  readonly ask: (functions: Functions) => Promise<'over' | { readonly retryAfterMs?: number | undefined }>;
  readonly stem?: string;
}

interface Running {
  readonly delivery: Delivery;
  readonly instance: Instance;
  readonly lateMs: number;
}

export interface World {
  readonly machine: Machine;
  readonly story: Story;
  readonly audit: ReturnType<typeof startAudit>;
  readonly services: ReturnType<typeof startServices>;
  readonly deliveries: Delivery[];
  readonly running: Set<Running>;
  readonly functions: Functions[];
  /** Idempotency-Key -> ids of its jobs. */
  readonly keys: Map<string, Set<string>>;
  environment: Readonly<Record<string, string>>;
}

const priceUsd = 0.04;
const microUsd = 1e6;
/** Events and tasks without an answer come again after this time. */
const patienceMs = 600_000;

export function startWorld(seed: number): World {
  const machine = startMachine(seed);
  const story = storyOf(machine.draw);
  const { maxModelCalls, capCalls } = story;
  const cap = capCalls === undefined ? undefined : capCalls * priceUsd;
  const audit = startAudit({
    leaseMs: budgetWithin(0).leaseMs,
    maxModelCalls,
    capMicroUsd: cap === undefined ? undefined : Math.round(cap * microUsd),
    priceMicroUsd: priceUsd * microUsd,
  });
  const deliveries: Delivery[] = [];
  const services = startServices((task) => deliveries.push(taskDelivery(task)));
  const environment = environmentOf(story, cap);
  return {
    ...{ machine, story, audit, services, deliveries, environment },
    ...{ running: new Set(), functions: [], keys: new Map() },
  };
}

export function environmentOf(story: Story, capUsd?: number) {
  const { maxModelCalls, maxAttempts, hasQueue, hasTopic, isDeployed } = story;
  const service = { url: modelUrl, body: 'json', usdPerCall: priceUsd };
  return {
    ...{ INPUT_BUCKET: 'input', OUTPUT_BUCKET: 'output', CONTROL_BUCKET: 'control', STUDIO: 'on' },
    ...{ ENGINE: 'http', HTTP_ENGINE: JSON.stringify(service) },
    ...{ MAX_MODEL_CALLS: String(maxModelCalls), MAX_ATTEMPTS: String(maxAttempts) },
    DAILY_COST_CAP_USD: capUsd === undefined ? 'none' : String(capUsd),
    ...(hasQueue && {
      TASKS_QUEUE: 'projects/p/locations/l/queues/q',
      TASKS_API_ENDPOINT: queueUrl,
      RUN_JOB_URL: 'https://run.example/runJob',
    }),
    ...(hasTopic && { RESULTS_TOPIC: 'projects/p/topics/t', PUBSUB_EMULATOR_HOST: topicHost }),
    ...(isDeployed && { K_SERVICE: 'functions', K_REVISION: 'functions-1' }),
  };
}

/** Writes a file as a user does, over what is there, and sends its event. */
export function upload(world: World, name: string, text: string): void {
  const { machine } = world;
  machine.buckets.nowMs = machine.nowMs;
  const { generation } = put(machine.buckets, { bucket: 'input', name }, text, { contentType: 'any/any' });
  machine.tell(`a user writes ${name}: ${text}`);
  sawInput(name);
  announce(world, name, generation);
}

export function remove(world: World, name: string): void {
  const { machine } = world;
  if (!machine.buckets.objects.delete(`input/${name}`)) return;
  machine.tell(`a user deletes ${name}`);
  sawInput(name);
}

/** Sends the event of an object: late, twice or not at all, as the story has it. */
export function announce({ machine, story, deliveries }: World, name: string, generation: string): void {
  const { draw } = machine;
  if (draw.chance(story.lostEvents)) {
    machine.tell(`the event of ${name} is lost`);
    return;
  }
  const copies = draw.chance(story.repeatedEvents) ? 2 : 1;
  for (let copy = 0; copy < copies; copy++) {
    const lateMs = draw.chance(story.lateEvents) ? draw.below(3_600_000) : draw.below(3000);
    deliveries.push(eventDelivery(name, generation, machine.nowMs + lateMs));
  }
}

function eventDelivery(name: string, generation: string, dueMs: number): Delivery {
  const event = (): CloudEvent<unknown> => ({
    ...{ id: `${name}#${generation}`, specversion: '1.0', time: new Date(dueMs).toISOString() },
    type: 'google.cloud.storage.object.v1.finalized',
    source: '//storage.googleapis.com/projects/_/buckets/input',
    data: { bucket: 'input', name, generation },
  });
  const ask: Delivery['ask'] = ({ onUpload }) =>
    onUpload(event()).then(
      () => 'over' as const,
      () => ({}),
    );
  return { kind: 'event', what: `event of ${name}`, dueMs, tries: 0, ask, stem: stemOf(name) };
}

function taskDelivery(task: Task): Delivery {
  const ask: Delivery['ask'] = async ({ call }) => {
    const { status, headers } = await call('runJob', { method: 'POST', path: '/', body: task });
    if (status >= 200 && status < 300) {
      endTask(task);
      return 'over';
    }
    const seconds = headers.get('retry-after');
    return { retryAfterMs: seconds === undefined ? undefined : Number(seconds) * 1000 };
  };
  return { kind: 'task', what: `task of ${task.name}`, dueMs: 0, tries: 0, ask, stem: stemOf(task.name) };
}

export function sweepDelivery(): Delivery {
  const ask: Delivery['ask'] = async ({ call }) => {
    await call('sweep', { method: 'POST', path: '/' });
    // The next sweep comes in any case.
    return 'over';
  };
  return { kind: 'sweep', what: 'sweep', dueMs: 0, tries: 0, ask };
}

/** A sweep that asks again for what has failed by then; at once, or when most jobs have ended. */
export function againDelivery({ machine: { draw, nowMs } }: World): Delivery {
  const again = ['BUDGET_SPENT', 'CANCELLED_BY_CALLER', 'IMAGE_UNREADABLE', 'REQUEST_INVALID'];
  const ask: Delivery['ask'] = async ({ call }) => {
    const { status } = await call('sweep', { method: 'POST', path: '/', body: { again } });
    return status >= 500 ? {} : 'over';
  };
  const dueMs = draw.chance(0.5) ? 0 : nowMs + draw.below(3_600_000);
  return { kind: 'call', what: 'sweep that asks again', dueMs, tries: 0, ask };
}

/** Creates a job over HTTP; the caller tries again with the same key until there is an answer. */
export function createDelivery(world: World, key: string, image: string, mask: string): Delivery {
  const base64 = (text: string) => ({ base64: Buffer.from(text).toString('base64') });
  const body = { image: base64(image), mask: base64(mask) };
  const asked = { method: 'POST', path: '/jobs', headers: { 'idempotency-key': key }, body } as const;
  const ask: Delivery['ask'] = async ({ call }) => {
    const answered = await call('studio', asked);
    if (answered.status >= 300) return {};
    const { id } = JSON.parse(answered.body) as { id: string };
    const ids = world.keys.get(key) ?? new Set();
    world.keys.set(key, ids.add(id));
    if (ids.size > 1) violate('S14', `${key} made the jobs ${[...ids].join(' and ')}`);
    return 'over';
  };
  return { kind: 'call', what: `job with the key ${key}`, dueMs: 0, tries: 0, ask };
}

/** Cancels a job that is there by then. */
export function cancelDelivery({ machine }: World): Delivery {
  const ask: Delivery['ask'] = async ({ call }) => {
    const claims = [...machine.buckets.objects.keys()].filter((key) => key.startsWith('control/claims/'));
    if (claims.length === 0) return {};
    const job = machine.draw.oneOf(claims).slice(-16);
    const { status } = await call('studio', { method: 'POST', path: `/jobs/${job}/cancel` });
    return status >= 500 ? {} : 'over';
  };
  return { kind: 'call', what: 'cancellation', dueMs: 0, tries: 0, ask };
}

const mostInstances = 4;

/** An instance that takes deliveries: one that runs, or a new one. */
function instanceFor(world: World): Functions {
  const { draw } = world.machine;
  const ready = world.functions.filter(
    ({ instance }) => instance.state === 'up' && !instance.shutdown.signal.aborted,
  );
  const isNew = ready.length === 0 || (ready.length < mostInstances && draw.chance(0.3));
  if (!isNew) return draw.oneOf(ready);
  const started = startInstance(world.environment);
  world.functions.push(started);
  return started;
}

/** Hands a delivery to an instance. */
export function deliver(world: World, delivery: Delivery): void {
  const { machine, deliveries, running } = world;
  deliveries.splice(deliveries.indexOf(delivery), 1);
  const functions = instanceFor(world);
  const { instance } = functions;
  const { stem } = delivery;
  machine.tell(`${instance.name} gets the ${delivery.what}`);
  const run = { delivery, instance, lateMs: machine.nowMs + patienceMs };
  running.add(run);
  const before = stem === undefined ? 0 : changesOf(stem);
  const takenBefore = stem === undefined ? 0 : (world.services.taken.get(`${stem}.jpg`) ?? 0);
  delivery.ask(functions).then((answer) => {
    if (instance.state === 'dead' || !running.delete(run)) return;
    machine.tell(`${instance.name} answers the ${delivery.what}: ${JSON.stringify(answer)}`);
    if (answer !== 'over') comeAgain(world, delivery, answer.retryAfterMs);
    else if (stem !== undefined && changesOf(stem) === before) assertDone(world, delivery, stem, takenBefore);
  });
}

function assertDone(world: World, { kind, what }: Delivery, stem: string, takenBefore: number): void {
  const now = setNow(stem);
  if (now === undefined || hasEnded(stem, now.key)) return;
  const isQueued = (world.services.taken.get(`${stem}.jpg`) ?? 0) > takenBefore;
  if (kind === 'event' && world.story.hasQueue && isQueued) return;
  violate('S9', `the ${what} was acknowledged, and ${now.key} has no end`);
}

const firstRetryMs = 10_000;

function comeAgain({ machine, deliveries }: World, delivery: Delivery, retryAfterMs?: number): void {
  const backoffMs = Math.min(patienceMs, firstRetryMs * 2 ** delivery.tries);
  const dueMs = machine.nowMs + Math.max(retryAfterMs ?? 0, machine.draw.below(backoffMs));
  deliveries.push({ ...delivery, dueMs, tries: Math.min(6, delivery.tries + 1) });
}

/** What no answer came to is delivered again; its first run may go on. */
export function repeatLate(world: World): void {
  for (const run of world.running) {
    const isGone = run.instance.state === 'dead';
    if (!isGone && run.lateMs > world.machine.nowMs) continue;
    world.running.delete(run);
    if (run.delivery.kind !== 'sweep') comeAgain(world, run.delivery);
  }
}

export { terminate };
