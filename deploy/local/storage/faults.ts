import type { Damage } from './damaged-reply.ts';
import type { Operation, StorageRequest } from './request.ts';

/**
 * What happens to a request that a rule hits:
 * - `503`: answered 503, no effect.
 * - `reset`: the connection breaks, no effect.
 * - `lost`: the effect happens, then the connection breaks: the answer is lost.
 * - `cut`, `stalled`: the effect happens; half of the answer's body is sent, then the connection breaks, or is silent.
 * - `garbled`: the effect happens; one byte of the answer's body is another on the line.
 * - `hang`: waits before the effect until `release()`; then goes on as if nothing had been. A zombie.
 * - `crash-before`, `crash-after`: the worker that asked is dead from here on, before or after the effect.
 *   Neither this request nor any later one of it is answered or has an effect, until `reset()`.
 * - `advance`: the server's clock moves by `advanceMs`, then the request goes on. A lease expires.
 * - `notice`: only `onHit` is called; the request goes on when it is done.
 */
export type FaultKind =
  | '503'
  | 'reset'
  | 'lost'
  | Damage
  | 'hang'
  | 'crash-before'
  | 'crash-after'
  | 'advance'
  | 'notice';

/** Which requests a rule counts; what is left out matches everything. */
export interface FaultMatch {
  readonly operations?: readonly Operation[];
  readonly bucket?: string;
  /** The beginning of the object's name. */
  readonly namePrefix?: string;
  /** The name given in the worker's URL. */
  readonly worker?: string;
}

export interface FaultRule {
  readonly kind: FaultKind;
  /** The matching request to hit, from 1, counted since the rule was set. */
  readonly at: number;
  /** How many in a row, 1 unless told. */
  readonly times?: number;
  readonly match?: FaultMatch;
  readonly advanceMs?: number;
  /** In-process only. Called after the effect for `lost` and `crash-after`, else before; awaited. */
  readonly onHit?: (hit: FaultHit) => void | Promise<void>;
}

export interface FaultHit {
  readonly kind: FaultKind;
  readonly operation: Operation;
  readonly bucket: string;
  readonly name: string;
  readonly worker: string;
  /** The request's number among all since the last reset, from 1. */
  readonly request: number;
}

export interface FaultDecision {
  readonly rule: FaultRule;
  readonly hit: FaultHit;
}

export interface Faults {
  /** Replaces all rules; their counts begin at 0. */
  set(rules: readonly FaultRule[]): void;
  /** No rules, no dead workers, the request number at 0, hanging requests dropped. */
  reset(): void;
  /** Lets hanging requests go on. */
  release(): void;
  /** What was hit since the last reset, in order. */
  hits(): readonly FaultHit[];
}

/** The server's side of the same. */
export interface FaultGate extends Faults {
  decide(request: StorageRequest): FaultDecision | undefined;
  isDead(worker: string): boolean;
  kill(worker: string): void;
  /** Settles at `release()` with true, at `reset()` with false. */
  wait(): Promise<boolean>;
}

export function faultGate(): FaultGate {
  let rules: { readonly rule: FaultRule; seen: number }[] = [];
  let hits: FaultHit[] = [];
  let requests = 0;
  let waiting: ((mayGoOn: boolean) => void)[] = [];
  const dead = new Set<string>();
  const settle = (mayGoOn: boolean): void => {
    const settled = waiting;
    waiting = [];
    for (const resolve of settled) resolve(mayGoOn);
  };
  return {
    set: (next) => {
      rules = next.map((rule) => ({ rule, seen: 0 }));
    },
    reset: () => {
      rules = [];
      hits = [];
      requests = 0;
      dead.clear();
      settle(false);
    },
    release: () => settle(true),
    hits: () => hits,
    decide: (request) => {
      requests++;
      let decision: FaultDecision | undefined;
      for (const entry of rules) {
        if (!matches(entry.rule.match, request)) continue;
        const { at, times = 1, kind } = entry.rule;
        entry.seen++;
        if (decision !== undefined || entry.seen < at || entry.seen >= at + times) continue;
        const { operation, bucket, worker } = request;
        const hit = { kind, operation, bucket, name: objectOf(request), worker, request: requests };
        hits.push(hit);
        decision = { rule: entry.rule, hit };
      }
      return decision;
    },
    // Without a name there is nobody to tell from the others: then only the one request stays unanswered.
    isDead: (worker) => worker !== '' && dead.has(worker),
    kill: (worker) => dead.add(worker),
    wait: () => new Promise((resolve) => waiting.push(resolve)),
  };
}

const objectOf = ({ name, query }: StorageRequest): string => name || (query.get('name') ?? '');

function matches(match: FaultMatch | undefined, request: StorageRequest): boolean {
  if (match === undefined) return true;
  const { operations, bucket, namePrefix, worker } = match;
  return (
    (operations === undefined || operations.includes(request.operation)) &&
    (bucket === undefined || bucket === request.bucket) &&
    (namePrefix === undefined || objectOf(request).startsWith(namePrefix)) &&
    (worker === undefined || worker === request.worker)
  );
}
