import { EditError } from '../../lib/errors.ts';
import { defaultBudget } from '../../lib/jobs/claim/budget.ts';
import {
  type Claim,
  type ClaimDecision,
  countCall,
  decideClaim,
  finishClaim,
  firstClaim,
  leaveBatch,
  provesNoCall,
  refundCall,
  releaseClaim,
} from '../../lib/jobs/claim/claim.ts';

/** Mistakes in the protocol that the search must find. */
export type SeededBug =
  | 'ack-when-busy'
  | 'call-before-count'
  | 'overwrite'
  | 'refund-when-unknown'
  | 'refund-sent-batch'
  | 'ack-what-is-asked-again';

/** How many faults of each kind may happen on one path. */
export interface Mischief {
  readonly crashes: number;
  readonly lostAnswers: number;
  readonly expiries: number;
  readonly refusals: number;
  /** Calls that go into a batch; none when left out. */
  readonly batches?: number;
  /** Times that a failed job is asked for again, at most 1; none when left out. */
  readonly rounds?: number;
}

type Step =
  | 'idle'
  | 'stat-manifest'
  | 'create-claim'
  | 'swap-claim'
  | 'stat-claim'
  | 'stat-raw'
  | 'count'
  | 'call'
  | 'refund'
  | 'batch'
  | 'send-batch'
  | 'save-raw'
  | 'read-raw'
  | 'write-output'
  | 'write-manifest'
  | 'finish'
  | 'write-error'
  | 'fail'
  | 'stat-again'
  | 'release';

interface Worker {
  readonly step: Step;
  /** Which round of the job it runs. */
  readonly round: 0 | 1;
  readonly nonce: string;
  /** The claim as this worker last wrote or read it. */
  readonly claim: Claim | undefined;
  /** The claim to be written by the next swap, and the version that it replaces. */
  readonly next: Claim | undefined;
  readonly version: number;
  readonly reply: number;
  readonly code:
    | 'MODEL_QUOTA'
    | 'MODEL_UNAVAILABLE'
    | 'IMAGE_UNREADABLE'
    | 'BUDGET_SPENT'
    | 'STORAGE_UNAVAILABLE';
}

/** The objects of one round. */
interface JobState {
  readonly claim: Claim | undefined;
  readonly version: number;
  /** The lease or the wait of the claim is over. */
  readonly isOld: boolean;
  readonly raw: number;
  readonly output: number;
  readonly hasManifest: boolean;
  readonly hasError: boolean;
  readonly billedCalls: number;
  /** Of the one batch; it is `sent` when its lines are stored. */
  readonly batch: 'none' | 'open' | 'sent' | 'answered' | 'unanswered' | 'unsent';
  readonly batchReply: number;
}

export interface World extends JobState {
  /** The next round of the job, once it was asked for. */
  readonly next: JobState | undefined;
  readonly nonces: number;
  readonly left: Mischief;
  readonly workers: readonly Worker[];
  /** The invariant that the last step broke. */
  readonly violation: string | undefined;
}

interface Move {
  readonly name: string;
  readonly world: World;
}

const modelBudget = { ...defaultBudget, maxAttempts: 3, maxModelCalls: 2 };

const idle: Worker = {
  step: 'idle',
  round: 0,
  nonce: '',
  claim: undefined,
  next: undefined,
  version: 0,
  reply: 0,
  code: 'STORAGE_UNAVAILABLE',
};

const newJob: JobState = {
  claim: undefined,
  version: 0,
  isOld: false,
  raw: 0,
  output: 0,
  hasManifest: false,
  hasError: false,
  billedCalls: 0,
  batch: 'none',
  batchReply: 0,
};

export const startWorld = (workers: number, left: Mischief): World => ({
  ...newJob,
  next: undefined,
  nonces: 0,
  left,
  workers: Array.from({ length: workers }, () => idle),
  violation: undefined,
});

/** True when no round of the job is left to be run. A late result of a round that failed counts. */
export const hasEnded = (world: World): boolean => {
  const { hasManifest, hasError } = world.next ?? world;
  return world.hasManifest || hasManifest || hasError;
};

/** The world as a worker of the other round sees it, and back. */
function seenFrom(world: World, round: Worker['round']): World {
  if (round === 0 || world.next === undefined) return world;
  const { next, nonces, left, workers, violation, ...first } = world;
  return { ...next, next: first, nonces, left, workers, violation };
}

/** All possible next steps: time passes, or a worker does its step, with or without a fault. */
export function movesOf(world: World, bug: SeededBug | undefined): Move[] {
  const moves: Move[] = [];
  for (const round of world.next === undefined ? ([0] as const) : ([0, 1] as const))
    for (const { name, world: after } of passiveMoves(seenFrom(world, round)))
      moves.push({ name, world: seenFrom(after, round) });
  if (world.next === undefined && world.hasError && !world.hasManifest && (world.left.rounds ?? 0) > 0)
    moves.push({ name: 'asked again', world: { ...spend(world, 'rounds'), next: newJob } });
  world.workers.forEach((worker, index) => {
    const put = (name: string, next: World, changed: Worker) => {
      const workers = next.workers.map((other, at) => (at === index ? changed : other));
      moves.push({ name: `worker ${index}: ${name}`, world: { ...next, workers } });
    };
    if (worker.step === 'idle') {
      const nonce = `n${world.nonces}`;
      put('delivered', { ...world, nonces: world.nonces + 1 }, { ...idle, nonce, step: 'stat-manifest' });
      return;
    }
    const seen = seenFrom(world, worker.round);
    for (const { label, after: changed, worker: done, unseen } of effectsOf(seen, worker, bug)) {
      const after = changed === seen ? world : seenFrom(changed, worker.round);
      const name = label === '' ? worker.step : `${worker.step} ${label}`;
      put(name, after, done);
      if (world.left.crashes > 0) put(`${name}, crash`, spend(after, 'crashes'), idle);
      if (world.left.lostAnswers > 0 && after !== world) {
        put(`${name}, answer lost`, spend(after, 'lostAnswers'), afterFailure(worker));
        if (unseen !== undefined)
          put(`${name}, answer lost and tried again`, spend(after, 'lostAnswers'), unseen);
      }
    }
    if (world.left.crashes > 0) put(`${worker.step}, crash before`, spend(world, 'crashes'), idle);
  });
  return moves;
}

/** What happens to one round while no worker does a step. */
function passiveMoves(world: World): Move[] {
  const moves = batchMoves(world);
  if (world.claim !== undefined && !world.isOld) {
    // Time may always pass. It is a fault only while a living worker has the claim, which becomes a zombie.
    const isHeld = world.workers.some(({ nonce, step }) => step !== 'idle' && nonce === world.claim?.owner);
    const isZombie = isHeld && world.claim.state === 'RUNNING';
    const later = { ...world, isOld: true };
    if (!isZombie) moves.push({ name: 'time passes', world: later });
    else if (world.left.expiries > 0) moves.push({ name: 'time passes', world: spend(later, 'expiries') });
  }
  return moves;
}

/** What the service and later sweeps do about the batch. */
function batchMoves(world: World): Move[] {
  if (world.batch === 'open')
    return [{ name: 'the batch is given up', world: { ...world, batch: 'unsent' } }];
  if (world.batch !== 'sent') return [];
  const after = billed(world);
  const answered: World = { ...after, batch: 'answered', batchReply: after.billedCalls };
  return [
    { name: 'the batch is answered', world: answered },
    { name: 'the batch has no answer', world: { ...after, batch: 'unanswered' } },
  ];
}

function billed(world: World): World {
  const billedCalls = world.billedCalls + 1;
  const after = { ...world, billedCalls };
  return billedCalls > modelBudget.maxModelCalls
    ? { ...after, violation: `I2: ${billedCalls} calls of the model` }
    : after;
}

interface Effect {
  readonly label: string;
  readonly after: World;
  readonly worker: Worker;
  /** The worker after a lost answer and a second one: the object exists or has changed. */
  readonly unseen?: Worker;
}

const spend = (world: World, what: keyof Mischief): World => ({
  ...world,
  left: { ...world.left, [what]: (world.left[what] ?? 0) - 1 },
});

/** After a request that failed for good: a worker with the claim releases it, another one stops. */
function afterFailure(worker: Worker): Worker {
  const isHeld = !['stat-manifest', 'create-claim', 'swap-claim', 'stat-claim'].includes(worker.step);
  const isLast = ['finish', 'fail', 'release', 'batch', 'send-batch'].includes(worker.step);
  return isHeld && !isLast ? { ...worker, step: 'release', code: 'STORAGE_UNAVAILABLE' } : idle;
}

function acknowledge(world: World): World {
  const isOver = world.hasManifest || world.hasError;
  return isOver ? world : { ...world, violation: 'I3: acknowledged without a durable end' };
}

function effectsOf(world: World, worker: Worker, bug: SeededBug | undefined): Effect[] {
  const go = (step: Step, changes: Partial<Worker> = {}): Worker => ({ ...worker, ...changes, step });
  const one = (after: World, done: Worker, unseen?: Worker): Effect[] => [
    { label: '', after, worker: done, ...(unseen === undefined ? {} : { unseen }) },
  ];
  const written = (claim: Claim): World => ({ ...world, claim, version: world.version + 1, isOld: false });
  /** Compare-and-swap by the worker that has the claim; after a mismatch it compares nonces. */
  const holderSwap = (next: Claim, step: Step): Effect[] => {
    if (world.claim?.owner !== worker.nonce) return one(world, idle);
    const after = written(next);
    const done = go(step, { claim: next, version: after.version });
    return one(after, done, done);
  };
  const decide = (claim: Claim): Effect[] =>
    act(decideClaim({ claim, ageMs: world.isOld ? Infinity : 0 }, worker.nonce, modelBudget));
  const act = (decision: ClaimDecision): Effect[] => {
    switch (decision.kind) {
      case 'owned':
        return one(world, go('stat-raw', { claim: decision.claim, version: world.version }));
      case 'take':
        return one(world, go('swap-claim', { next: decision.claim, version: world.version }));
      case 'give-up':
        return one(
          world,
          go('write-error', { claim: decision.claim, version: world.version, code: 'BUDGET_SPENT' }),
        );
      case 'finished':
        return decision.state === 'FAILED' ? one(world, go('stat-again')) : one(acknowledge(world), idle);
      case 'batched': {
        if (world.batch === 'open' || world.batch === 'sent') return one(world, idle);
        const wasSent = world.batch !== 'unsent' && bug !== 'refund-sent-batch';
        return decide(leaveBatch(world.claim as Claim, wasSent));
      }
      case 'wait':
        return one(bug === 'ack-when-busy' ? acknowledge(world) : world, idle);
    }
  };

  switch (worker.step) {
    case 'stat-manifest':
      return world.hasManifest ? one(acknowledge(world), idle) : one(world, go('create-claim'));
    case 'create-claim': {
      if (world.claim !== undefined) return decide(world.claim);
      const claim = firstClaim(worker.nonce);
      const after = written(claim);
      const held = go('stat-raw', { claim, version: after.version });
      return one(after, held, held);
    }
    case 'swap-claim': {
      if (world.version !== worker.version || worker.next === undefined) return one(world, go('stat-claim'));
      const after = written(worker.next);
      return one(after, go('stat-raw', { claim: worker.next, version: after.version }), go('stat-claim'));
    }
    case 'stat-claim':
      return decide(world.claim as Claim);
    case 'stat-raw':
      if (world.raw !== 0) return one(world, go('write-output', { reply: world.raw }));
      if (world.batch === 'answered' && worker.claim?.batch !== undefined)
        return one(world, go('save-raw', { reply: world.batchReply }));
      return one(world, go(bug === 'call-before-count' ? 'call' : 'count'));
    case 'count': {
      const next = countCall(worker.claim as Claim, 'r0', modelBudget);
      if (next === undefined) return one(world, go('write-error', { code: 'BUDGET_SPENT' }));
      return holderSwap(next, bug === 'call-before-count' ? 'save-raw' : 'call');
    }
    case 'call':
      return callModel(world, go, bug);
    case 'batch': {
      const released = releaseClaim(worker.claim as Claim, new EditError('BATCHED', ''));
      return holderSwap({ ...released, batch: { name: 'b', key: 'r0' } }, 'send-batch');
    }
    case 'send-batch':
      return one(world.batch === 'open' ? { ...world, batch: 'sent' } : world, idle, idle);
    case 'refund':
      return holderSwap(refundCall(worker.claim as Claim, 'r0'), 'release');
    case 'save-raw':
      if (world.raw !== 0) return one(world, go('read-raw'));
      return one({ ...world, raw: worker.reply }, go('write-output'), go('read-raw'));
    case 'read-raw':
      return one(world, go('write-output', { reply: world.raw }));
    case 'write-output':
      return one(writeOutput(world, worker.reply, bug), go('write-manifest'), go('write-manifest'));
    case 'write-manifest':
      return one({ ...world, hasManifest: true }, go('finish'), go('finish'));
    case 'finish':
    case 'fail': {
      const held = worker.claim as Claim;
      const next =
        worker.step === 'finish'
          ? finishClaim(held)
          : { ...held, state: 'FAILED' as const, code: worker.code };
      const mayWrite = world.claim?.owner === worker.nonce || world.version === worker.version;
      const after = mayWrite ? written(next) : world;
      return worker.step === 'fail' ? one(after, go('stat-again')) : one(acknowledge(after), idle);
    }
    case 'stat-again': {
      const isAsked = worker.round === 0 && world.next !== undefined;
      if (!isAsked) return one(acknowledge(world), idle);
      if (bug === 'ack-what-is-asked-again') {
        const violation = 'I4: acknowledged although it was asked for again';
        return one({ ...world, violation }, idle);
      }
      const nonce = `n${world.nonces}`;
      const heir: Worker = { ...idle, nonce, round: 1, step: 'stat-manifest' };
      return one({ ...world, nonces: world.nonces + 1 }, heir);
    }
    case 'write-error':
      return one({ ...world, hasError: true }, go('fail'), go('fail'));
    case 'release': {
      const next = releaseClaim(worker.claim as Claim, new EditError(worker.code, ''));
      return one(world.claim?.owner === worker.nonce ? written(next) : world, idle);
    }
    case 'idle':
      return [];
  }
}

function callModel(
  world: World,
  go: (step: Step, changes?: Partial<Worker>) => Worker,
  bug: SeededBug | undefined,
): Effect[] {
  if (world.batch === 'none' && (world.left.batches ?? 0) > 0)
    return [
      { label: 'begins a batch', after: spend({ ...world, batch: 'open' }, 'batches'), worker: go('batch') },
    ];
  const after = billed(world);
  const reply = after.billedCalls;
  const effects: Effect[] = [
    {
      label: 'answers 200',
      after,
      worker: go(bug === 'call-before-count' ? 'count' : 'save-raw', { reply }),
    },
  ];
  if (world.left.refusals === 0) return effects;
  /** Refunds the call where the error proves that none was made, as jobs do. */
  const passing = (label: string, code: Worker['code'], mayBeBilled: boolean): Effect => {
    const isProof =
      bug === 'refund-when-unknown' ||
      provesNoCall(new EditError(code, '', { billing: { calls: 1, mayBeBilled } }));
    const called = mayBeBilled ? after : world;
    return { label, after: spend(called, 'refusals'), worker: go(isProof ? 'refund' : 'release', { code }) };
  };
  return [
    ...effects,
    passing('answers 429', 'MODEL_QUOTA', false),
    passing('answers 503', 'MODEL_UNAVAILABLE', false),
    passing('breaks off', 'MODEL_UNAVAILABLE', true),
    {
      label: 'answers 400',
      after: spend(after, 'refusals'),
      worker: go('write-error', { code: 'IMAGE_UNREADABLE' }),
    },
  ];
}

function writeOutput(world: World, reply: number, bug: SeededBug | undefined): World {
  if (world.output === 0) return { ...world, output: reply };
  if (bug !== 'overwrite') return world;
  return { ...world, output: reply, violation: 'I1: an output was written twice' };
}
