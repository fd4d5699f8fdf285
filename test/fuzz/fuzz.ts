import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { commandLine } from '../support/command.ts';
import { type RoomName, rooms } from './rooms.ts';

const usage = `npm run fuzz -- [--minutes 5] [--seed 1] [--rooms ${Object.keys(rooms).join()}]

Sends files, forms, JSON, names and events that are a little wrong, each room in turn with one seed after the
other, and prints what must not happen with its room and seed. --rooms forms --seed 17 --minutes 0 tries one
seed again. Rooms run in a process of their own, so that a crash or an endless loop is a finding too.`;

/** What the process of a room says: which seed it begins, then what came of it. */
type Said = { readonly begins: number } | { readonly came: readonly string[] } | { readonly finding: string };

/** A single edit of such small files takes less than a second. */
const hangMs = 120_000;
/** Seeds of a room before the next one has its turn. */
const turn = 20;

interface Tally {
  readonly outcomes: Map<string, number>;
  readonly findings: string[];
}

/**
 * Tries `turn` seeds of a room from `from` on, in a process that may die. @returns the seed to go on from.
 */
async function tryTurn(name: RoomName, from: number, count: number, tally: Tally): Promise<number> {
  const child = fork(import.meta.filename, [
    '--room',
    name,
    '--seed',
    String(from),
    '--count',
    String(count),
  ]);
  let seed = from;
  let timer = setTimeout(() => child.kill('SIGKILL'), hangMs);
  const note = (finding: string) => {
    tally.findings.push(`${name} ${seed}: ${finding}`);
    console.log(`${name} ${seed}: ${finding}`);
  };
  child.on('message', (said: Said) => {
    clearTimeout(timer);
    timer = setTimeout(() => child.kill('SIGKILL'), hangMs);
    if ('begins' in said) seed = said.begins;
    else if ('finding' in said) note(said.finding);
    else for (const one of said.came) tally.outcomes.set(one, (tally.outcomes.get(one) ?? 0) + 1);
  });
  const [code, signal] = await endOf(child);
  clearTimeout(timer);
  if (code === 0) return from + count;
  note(
    signal === 'SIGKILL' ? `no answer within ${hangMs / 1000} s` : `the process ended with ${code ?? signal}`,
  );
  return seed + 1;
}

const endOf = (child: ChildProcess) => once(child, 'exit') as Promise<[number | null, string | null]>;

async function fuzz(names: readonly RoomName[], from: number, minutes: number): Promise<void> {
  const until = Date.now() + minutes * 60_000;
  const tally: Tally = { outcomes: new Map(), findings: [] };
  const nextSeeds = new Map(names.map((name) => [name, from]));
  const count = minutes === 0 ? 1 : turn;
  do {
    for (const name of names) {
      if (minutes > 0 && Date.now() > until) break;
      nextSeeds.set(name, await tryTurn(name, nextSeeds.get(name)!, count, tally));
    }
  } while (Date.now() < until);
  for (const [outcome, times] of [...tally.outcomes].sort(([a], [b]) => a.localeCompare(b)))
    console.log(`${String(times).padStart(6)} ${outcome}`);
  const tried = [...nextSeeds].map(([name, next]) => `${name} ${from}..${next - 1}`);
  console.log(`Seeds: ${tried.join(', ')}. Findings: ${tally.findings.length}.`);
  if (tally.findings.length > 0) process.exitCode = 1;
}

/** The process of a room. */
async function tryRoom(name: RoomName, from: number, count: number): Promise<void> {
  const say = (said: Said) => process.send?.(said);
  let room = await rooms[name]();
  for (let seed = from; seed < from + count; seed++) {
    say({ begins: seed });
    try {
      say({ came: await room.attempt(seed) });
    } catch (error) {
      say({ finding: error instanceof Error ? error.message : String(error) });
      // What this seed left behind must not be found again by the next.
      await room[Symbol.asyncDispose]();
      room = await rooms[name]();
    }
  }
  await room[Symbol.asyncDispose]();
  // The channel to the parent would keep the process.
  process.disconnect?.();
}

const { values } = commandLine(usage, {
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    rooms: { type: 'string', default: Object.keys(rooms).join() },
    room: { type: 'string' },
    count: { type: 'string', default: '1' },
  },
});
const seed = Number(values.seed);
const names = (values.room ?? values.rooms).split(',') as RoomName[];
const unknown = names.filter((name) => !Object.hasOwn(rooms, name));
if (unknown.length > 0) {
  console.error(`Expected rooms of ${Object.keys(rooms).join(', ')}, got ${unknown.join(', ')}`);
  process.exit(2);
}
if (values.room !== undefined) await tryRoom(names[0]!, seed, Number(values.count));
else await fuzz(names, seed, Number(values.minutes));
