import { statusOf } from '../../lib/jobs/status.ts';
import { listAll } from '../../lib/storage/store.ts';
import { auditOutputs, auditTold, hasEnded, setNow, stemOf, type Violation, violate } from './audit.ts';
import { terminate } from './functions.ts';
import {
  brokenCall,
  type Call,
  fireTimers,
  here,
  type Instance,
  kill,
  machine,
  nextTimerMs,
} from './machine.ts';
import { loseTasks } from './services.ts';
import { cloudStorage } from './stand-ins/gcs.ts';
import type { Action } from './story.ts';
import {
  againDelivery,
  cancelDelivery,
  createDelivery,
  deliver,
  environmentOf,
  remove,
  repeatLate,
  startWorld,
  sweepDelivery,
  upload,
  type World,
} from './world.ts';

export interface Outcome {
  readonly seed: number;
  readonly hash: string;
  readonly steps: number;
  readonly violations: readonly Violation[];
  /** Code of an end, or `published` -> how many jobs ended so. */
  readonly ends: ReadonlyMap<string, number>;
  readonly lines: readonly string[];
}

const mostSteps = 1500;
const turn = setImmediate;

/** Everything that can go on without the world has done so: Node runs no promise after the last of them. */
const settled = () => new Promise<void>((resolve) => turn(resolve));

/** Lives one world through: users and faults first; then nothing fails any more, and everything must end. */
export async function simulate(seed: number): Promise<Outcome> {
  const world = startWorld(seed);
  const { machine, audit } = world;
  const isWrong = () => audit.violations.length > 0;
  let steps = 0;
  world.services.faults = world.story.refusals;
  const actions = [...world.story.actions];
  while (!isWrong() && steps < mostSteps && (await stepInChaos(world, actions))) steps++;
  if (!isWrong()) steps += await comeToRest(world, isWrong);
  if (!isWrong()) await auditRest(world);
  const { violations, ends } = audit;
  return { seed, hash: machine.hash(), steps, violations, ends, lines: machine.lines };
}

/** The time that a call takes, and that passes between two of them. */
const tickMs = 40;

async function tick(world: World): Promise<void> {
  world.machine.nowMs += 1 + world.machine.draw.below(tickMs);
  fireTimers();
  repeatLate(world);
  await settled();
}

/** One step of a world with faults; false when there is nothing left to happen. */
async function stepInChaos(world: World, actions: Action[]): Promise<boolean> {
  const { machine, story } = world;
  const { draw, calls } = machine;
  if (disturb(world)) return tick(world).then(() => true);
  const free = calls.filter(({ instance }) => instance.state === 'up');
  const due = world.deliveries.filter(({ dueMs }) => dueMs <= machine.nowMs);
  const choices: (() => Promise<void> | void)[] = [
    ...(free.length > 0 ? Array.from({ length: 6 }, () => () => letGo(draw.oneOf(free), story.faults)) : []),
    ...(due.length > 0 ? [() => deliver(world, draw.oneOf(due))] : []),
    ...(due.length > 0 ? [() => deliver(world, draw.oneOf(due))] : []),
    ...(actions.length > 0 ? [() => act(world, actions.shift())] : []),
    ...(machine.strays.length > 0 ? [() => arrive(draw.oneOf(machine.strays))] : []),
  ];
  if (choices.length > 0) {
    await draw.oneOf(choices)();
    await tick(world);
    return true;
  }
  return passTime(world, Number.POSITIVE_INFINITY);
}

/** Moves the clock to the next thing that happens by itself; false when there is none before `untilMs`. */
async function passTime(world: World, untilMs: number): Promise<boolean> {
  const { machine } = world;
  const next = Math.min(
    nextTimerMs(),
    ...world.deliveries.map(({ dueMs }) => dueMs),
    ...[...world.running].map(({ lateMs }) => lateMs),
  );
  if (next > untilMs || next === Number.POSITIVE_INFINITY) return false;
  machine.nowMs = Math.max(machine.nowMs, next);
  await tick(world);
  return true;
}

const minuteMs = 60_000;

/** Something that happens to a machine, by chance. */
function disturb(world: World): boolean {
  const { machine, story } = world;
  const { draw } = machine;
  const up = machine.instances.filter(({ state }) => state === 'up');
  if (up.length > 0 && draw.chance(story.crashes)) {
    const instance = draw.oneOf(up);
    machine.tell(`${instance.name} crashes`);
    kill(instance);
  } else if (up.length > 0 && draw.chance(story.freezes)) freeze(draw.oneOf(up));
  else if (up.length > 0 && draw.chance(story.terminations)) terminate(draw.oneOf(up));
  else if (draw.chance(story.leaps)) {
    machine.nowMs += draw.below(20) * minuteMs;
    machine.tell('time leaps');
  } else if (draw.chance(story.sweeps)) world.deliveries.push(sweepDelivery());
  else return false;
  return true;
}

const wakingMs = 300;

/** A processor that is taken away for longer than a lease, or for a moment. */
function freeze(instance: Instance): void {
  const { draw, nowMs, tell, timers } = machine();
  const ms = draw.chance(0.6) ? 16 * minuteMs + draw.below(minuteMs) : draw.below(minuteMs);
  instance.state = 'frozen';
  tell(`${instance.name} is frozen for ${Math.round(ms / 1000)} s`);
  const thaw = () => {
    if (instance.state !== 'frozen') return;
    instance.state = 'up';
    instance.timersFromMs = machine().nowMs + draw.below(wakingMs);
    tell(`${instance.name} goes on`);
  };
  timers.add({ dueMs: nowMs + ms, instance: undefined, fire: thaw });
}

const none = { storage: 0, queue: 0, model: 0, topic: 0 };

/** Lets one call of an instance through, or something happens to it. */
async function letGo(call: Call, faults: World['story']['faults']): Promise<void> {
  const { draw, calls, strays, tell } = machine();
  calls.splice(calls.indexOf(call), 1);
  const told = `${call.instance.name} ${call.what}`;
  if (!draw.chance(faults[call.kind])) {
    tell(told);
    await carryOut(call).then(call.resolve, call.reject);
    return;
  }
  const fault = draw.oneOf(['refused', 'lost', 'stuck', 'crash', 'freeze'] as const);
  tell(`${told}: ${fault}`);
  if (fault === 'refused') call.reject(brokenCall(call, 'ECONNREFUSED'));
  else if (fault === 'stuck') strays.push(call);
  else if (fault === 'freeze') {
    freeze(call.instance);
    await carryOut(call).then(call.resolve, call.reject);
  } else {
    await carryOut(call).catch(() => undefined);
    if (fault === 'lost') call.reject(brokenCall(call, 'ECONNRESET'));
    else kill(call.instance);
  }
}

/** A request that nobody waits for any more reaches its service. */
async function arrive(call: Call): Promise<void> {
  const { strays, tell } = machine();
  strays.splice(strays.indexOf(call), 1);
  tell(`${call.instance.name} ${call.what}: arrives late`);
  await carryOut(call).catch(() => undefined);
}

const carryOut = (call: Call): Promise<unknown> => here.run(call.instance, async () => call.act());

function act(world: World, action: Action | undefined): void {
  const { deliveries } = world;
  if (action?.kind === 'write') upload(world, action.name, action.text);
  if (action?.kind === 'delete') remove(world, action.name);
  if (action?.kind === 'create')
    deliveries.push(createDelivery(world, action.key, action.image, action.mask));
  if (action?.kind === 'cancel') deliveries.push(cancelDelivery(world));
  if (action?.kind === 'again') deliveries.push(againDelivery(world));
}

/** Names of tasks are free again, leases are over, circuits are closed. */
const restMs = 90 * minuteMs;
const betweenSweepsMs = 20 * minuteMs;

/** Nothing fails any more. @returns the number of steps. */
async function comeToRest(world: World, isWrong: () => boolean): Promise<number> {
  const { machine, story } = world;
  world.services.faults = 0;
  machine.strays.length = 0;
  machine.tell('nothing fails any more');
  for (const instance of machine.instances) if (instance.state === 'frozen') instance.state = 'up';
  if (story.capCalls !== undefined || machine.draw.chance(0.5)) {
    // A new revision, with a cap that is raised.
    for (const instance of machine.instances) if (instance.state === 'up') terminate(instance);
    world.environment = environmentOf(story);
    world.audit.capMicroUsd = undefined;
  }
  // The sweep is what is left when every event and every task is lost.
  if (machine.draw.chance(0.5)) {
    world.deliveries.length = 0;
    loseTasks();
  }
  let steps = await quietUntil(world, machine.nowMs + restMs, isWrong);
  const sweeps = 2 + (story.hasPoison ? story.maxAttempts : 0);
  for (let sweep = 0; sweep < sweeps && !isWrong(); sweep++) {
    world.deliveries.push(sweepDelivery());
    steps += await quietUntil(world, machine.nowMs + betweenSweepsMs, isWrong);
  }
  return steps;
}

async function quietUntil(world: World, untilMs: number, isWrong: () => boolean): Promise<number> {
  const { machine } = world;
  const { draw } = machine;
  let steps = 0;
  for (; !isWrong(); steps++) {
    if (steps > 20 * mostSteps) violate('L1', 'there is no rest');
    const free = machine.calls;
    const due = world.deliveries.filter(({ dueMs }) => dueMs <= machine.nowMs);
    if (free.length > 0) await letGo(draw.oneOf(free), none);
    else if (due.length > 0) deliver(world, draw.oneOf(due));
    else if (await passTime(world, untilMs)) continue;
    else break;
    await tick(world);
  }
  machine.nowMs = Math.max(machine.nowMs, untilMs);
  return steps;
}

/** What the buckets hold when everything is over. */
async function auditRest(world: World): Promise<void> {
  const store = cloudStorage();
  const inputs = await listAll(store, 'input', '', undefined);
  for (const stem of new Set(inputs.map(({ name }) => stemOf(name)))) {
    const now = setNow(stem);
    if (now !== undefined && !hasEnded(stem, now.key)) violate('L1', `${now.key} has not ended`);
  }
  const buckets = { input: 'input', output: 'output', control: 'control' };
  for (const { name, state } of await statusOf({ store, buckets, prefix: '' })) {
    if (!['done', 'failed', 'no mask', 'unpaired'].includes(state)) violate('S11', `${name} is ${state}`);
  }
  if (world.story.hasTopic) auditTold(world.services.told);
  auditOutputs();
  world.machine.tell('the end');
}
