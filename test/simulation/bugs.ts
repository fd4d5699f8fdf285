import type { Invariant } from './audit.ts';
import type { Mistake } from './hooks.ts';

/** Mistakes that the simulation must find, each put into the real source while it is loaded. */
export interface Bug extends Mistake {
  readonly name: string;
  /** What it breaks; often others see it first. */
  readonly breaks: readonly Invariant[];
}

const claim = 'lib/jobs/claim/claim.ts';
const claimStore = 'lib/jobs/claim/claim-store.ts';
const run = 'lib/jobs/run/run.ts';
const publish = 'lib/jobs/run/publish.ts';
const durable = 'lib/jobs/run/durable-engine.ts';
const cost = 'lib/jobs/run/cost-guard.ts';

export const bugs: readonly Bug[] = [
  {
    name: 'a busy job is acknowledged',
    breaks: ['S9'],
    ...{ file: run, find: 'throw waitError(taken);', put: "return end('published-before');" },
  },
  {
    name: 'the model is called while its count is written',
    breaks: ['S2'],
    file: durable,
    find: 'await claim.change((current) => countCall',
    put: 'void claim.change((current) => countCall',
  },
  {
    name: 'a call is given back after any error',
    breaks: ['S2'],
    ...{ file: durable, find: 'if (provesNoCall(asEditError(error))) {', put: '{' },
  },
  {
    name: 'one call too many fits into the budget',
    breaks: ['S3'],
    ...{ file: claim, find: 'if (used >= budget.maxModelCalls)', put: 'if (used > budget.maxModelCalls)' },
  },
  {
    name: 'a lease ends early',
    breaks: ['S5'],
    ...{ file: claim, find: '? budget.leaseMs : waitOf(claim)', put: '? budget.leaseMs / 2 : waitOf(claim)' },
  },
  {
    name: 'nobody waits after a fault',
    breaks: ['S5'],
    ...{ file: claim, find: '? budget.leaseMs : waitOf(claim)', put: '? budget.leaseMs : 0' },
  },
  {
    name: 'a lost swap counts as won',
    breaks: ['S5'],
    file: claimStore,
    find: '    seen = await store.stat(id, signal);',
    put: "    seen = await store.stat(id, signal);\n    if (seen) return { kind: 'leased', lease: leaseOn(store, seen, decision.claim) };",
  },
  {
    name: 'a run writes over the claim of its heir',
    breaks: ['S5'],
    ...{
      file: claimStore,
      find: 'seen === undefined || found?.owner !== claim.owner',
      put: 'seen === undefined',
    },
  },
  {
    name: 'a failed job is begun again',
    breaks: ['S6'],
    ...{
      file: claim,
      find: "state === 'DONE' || state === 'FAILED'",
      put: "state === 'DONE'",
    },
  },
  {
    name: 'an attempt is not counted',
    breaks: ['S5', 'L1'],
    ...{
      file: claim,
      find: 'attempts: claim.attempts + 1, waitMs: 0',
      put: 'attempts: claim.attempts, waitMs: 0',
    },
  },
  {
    name: 'the manifest does not wait for the outputs',
    breaks: ['S4'],
    file: publish,
    find: 'const { info } = await store.create(id, bytes, { contentType: mediaType, signal });\n    outputs',
    put: "void store.create(id, bytes, { contentType: mediaType, signal });\n    const info = { ...id, generation: '1', crc32c: '', sizeBytes: 0, contentType: mediaType } as ObjectInfo;\n    outputs",
  },
  {
    name: 'the kept answer is not read',
    breaks: ['S3', 'S4'],
    ...{ file: durable, find: 'if (saved !== undefined && (await', put: 'if (saved === null && (await' },
  },
  {
    name: 'the job is done while it is published',
    breaks: ['S7'],
    ...{ file: run, find: "await trace('publish'", put: "void trace('publish'" },
  },
  {
    name: 'a failure is noted before it is told',
    breaks: ['S7'],
    ...{ file: run, find: 'await publishError(job, error, {', put: 'void publishError(job, error, {' },
  },
  {
    name: 'a job that is given up has no error file',
    breaks: ['S7'],
    ...{ file: run, find: 'await publishError(job, attemptsSpent(taken.claim), target);', put: '' },
  },
  {
    name: 'an event is acknowledged after a passing fault',
    breaks: ['S9'],
    ...{ file: 'functions/on-upload.ts', find: "error.kind === 'input'", put: "error.kind !== 'bug'" },
  },
  {
    name: 'a task is acknowledged after any fault',
    breaks: ['S9'],
    file: 'functions/run-job.ts',
    find: 'await handle({ bucket, name }, signal);',
    put: 'await handle({ bucket, name }, signal).catch(() => undefined);',
  },
  {
    name: 'a queue that is busy counts as one that took the task',
    breaks: ['S9'],
    ...{
      file: 'lib/jobs/queue.ts',
      find: 'alsoFine: [alreadyExists]',
      put: 'alsoFine: [alreadyExists, 429]',
    },
  },
  {
    name: 'another job of the process is waited for',
    breaks: ['S9'],
    file: 'lib/jobs/dispatch.ts',
    find: 'const known = running.get(job.id);',
    put: 'const [known] = running.values();',
  },
  {
    name: 'the cap of the day is not looked at',
    breaks: ['S8'],
    ...{ file: cost, find: 'if (!(free >= price)) throw', put: 'if (free < -1e12) throw' },
  },
  {
    name: 'what a call costs is not taken off',
    breaks: ['S8'],
    ...{ file: cost, find: 'left -= price;', put: '' },
  },
  {
    name: 'the price of a call is given back after any error',
    breaks: ['S8'],
    file: cost,
    find: 'if (provesNoCall(asEditError(error))) giveBack(price);',
    put: 'giveBack(price);',
  },
  {
    name: 'a failure counts as settled although it was asked for again',
    breaks: ['L1'],
    ...{
      file: 'lib/jobs/inputs/window.ts',
      find: "read?.kind === 'error' && (await isAsked(read.job)) ? undefined : end",
      put: 'end',
    },
  },
  {
    name: 'a round begins for which nobody asked',
    breaks: ['S1'],
    ...{
      file: 'lib/jobs/rounds.ts',
      find: 'while (await isAsked(current.id, signal)) current',
      put: 'do current = nextRound(current); while (await isAsked(current.id, signal)); current',
    },
  },
  {
    name: 'the sweep does not begin again',
    breaks: ['L1'],
    ...{
      file: 'lib/jobs/sweep/progress.ts',
      find: "place.isComplete ? '' : place.after",
      put: 'place.after',
    },
  },
  {
    name: 'an end that was not told is forgotten',
    breaks: ['L2'],
    file: 'lib/jobs/ends/reporter.ts',
    find: "hasEnded ? reported === 'no' :",
    put: 'hasEnded ? false :',
  },
  {
    name: 'a cancellation is not looked for',
    breaks: ['S13'],
    ...{ file: durable, find: ', options.assertWanted(signal)]', put: ']' },
  },
  {
    name: 'a key does not remember its folder',
    breaks: ['S14'],
    file: 'lib/http-jobs/http-jobs.ts',
    find: 'submitJob(order, taken.folder,',
    put: 'submitJob(order, httpFolder(),',
  },
];
