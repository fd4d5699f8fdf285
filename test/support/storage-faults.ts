import { closeSync, readSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { errorReply, type Reply } from '../../deploy/local/storage/reply.ts';
import type { Operation, StorageRequest } from '../../deploy/local/storage/request.ts';
import type { Intercept } from '../../deploy/local/storage/server.ts';
import { ServiceError } from '../../deploy/local/storage/service-error.ts';

/**
 * What happens to a request that a rule hits:
 * - `503`: answered 503, no effect.
 * - `reset`: the connection breaks, no effect.
 * - `lost`: the effect happens, then the connection breaks: the answer is lost.
 * - `cut`, `stalled`: the effect happens; half of the answer's body is sent, then the connection breaks, or
 *   is silent.
 * - `garbled`: the effect happens; one byte in the middle of the answer's body is changed.
 * - `hang`: waits before the effect until `release()`, then goes on as if nothing had been. A zombie.
 * - `crash-before`, `crash-after`: the worker that asked is dead from here on, before or after the effect.
 *   Neither this request nor any later one of it is answered or has an effect, until `reset()`.
 * - `notice`: only `onHit` is called; the request goes on when it is done.
 */
export type FaultKind =
  | '503'
  | 'reset'
  | 'lost'
  | 'cut'
  | 'stalled'
  | 'garbled'
  | 'hang'
  | 'crash-before'
  | 'crash-after'
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
  /** Called after the effect for `lost` and `crash-after`, else before; awaited. */
  readonly onHit?: (hit: FaultHit) => void | Promise<void>;
}

interface FaultHit {
  readonly kind: FaultKind;
  readonly operation: Operation;
  readonly bucket: string;
  readonly name: string;
  readonly worker: string;
  /** The request's number among all since the last reset, from 1. */
  readonly request: number;
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

/** Faults between the requests of the storage emulator and their effects. */
export function storageFaults(): { faults: Faults; intercept: Intercept } {
  let rules: { readonly rule: FaultRule; seen: number }[] = [];
  let hits: FaultHit[] = [];
  let requests = 0;
  const hanging: ((mayGoOn: boolean) => void)[] = [];
  const dead = new Set<string>();
  const settle = (mayGoOn: boolean): void => {
    for (const resolve of hanging.splice(0)) resolve(mayGoOn);
  };
  const released = () => new Promise<boolean>((resolve) => hanging.push(resolve));
  const ruleFor = (request: StorageRequest): FaultRule | undefined => {
    requests++;
    const matching = rules.filter(({ rule }) => matches(rule.match, request));
    for (const entry of matching) entry.seen++;
    return matching.find(({ rule, seen }) => seen >= rule.at && seen < rule.at + (rule.times ?? 1))?.rule;
  };
  const intercept: Intercept = async (request, run, response) => {
    // Without a name there is nobody to tell from the others: then only the one request stays unanswered.
    if (request.client !== '' && dead.has(request.client)) return undefined;
    const rule = ruleFor(request);
    if (rule === undefined) return run();
    const { operation, bucket, client: worker } = request;
    const hit = { kind: rule.kind, operation, bucket, name: objectOf(request), worker, request: requests };
    hits.push(hit);
    const isAfter = rule.kind === 'lost' || rule.kind === 'crash-after';
    if (isAfter) dropReply(await run().catch(errorReply));
    if (rule.kind.startsWith('crash')) dead.add(worker);
    await rule.onHit?.(hit);
    const mayGoOn = rule.kind !== 'hang' || (await released());
    return mayGoOn ? answers[rule.kind](run, response) : undefined;
  };
  const faults: Faults = {
    set: (next) => {
      rules = next.map((rule) => ({ rule, seen: 0 }));
    },
    reset: () => {
      [rules, hits, requests] = [[], [], 0];
      dead.clear();
      settle(false);
    },
    release: () => settle(true),
    hits: () => hits,
  };
  return { faults, intercept };
}

type Answer = (run: () => Promise<Reply>, response: ServerResponse) => Promise<Reply | undefined>;

const silence: Answer = async () => undefined;
const breakOff: Answer = async (_, response) => {
  response.destroy();
  return undefined;
};
const goOn: Answer = (run) => run();
const half =
  (then: (response: ServerResponse) => void): Answer =>
  async (run, response) => {
    const { status, headers, body } = asBytes(await run());
    response.writeHead(status, { 'content-length': body.length, ...headers });
    response.write(body.subarray(0, body.length >> 1), () => then(response));
    return undefined;
  };

const answers: Readonly<Record<FaultKind, Answer>> = {
  '503': async () => {
    throw new ServiceError(503, 'backendError', 'Service Unavailable');
  },
  reset: breakOff,
  lost: breakOff,
  cut: half((response) => response.destroy()),
  stalled: half(() => {}),
  garbled: async (run) => {
    const reply = asBytes(await run());
    const middle = reply.body.length >> 1;
    return { ...reply, body: reply.body.map((byte, n) => (n === middle ? byte ^ 1 : byte)) };
  },
  hang: goOn,
  'crash-before': silence,
  'crash-after': silence,
  notice: goOn,
};

/** The same reply with its body in memory. */
function asBytes({ status, headers = {}, json, body = '', file }: Reply) {
  if (json !== undefined) {
    const type = { 'content-type': 'application/json; charset=UTF-8' };
    return { status, headers: { ...type, ...headers }, body: Buffer.from(JSON.stringify(json)) };
  }
  if (file === undefined) return { status, headers, body: Buffer.from(body) };
  const bytes = Buffer.alloc(file.end - file.start + 1);
  readSync(file.handle, bytes, 0, bytes.length, file.start);
  closeSync(file.handle);
  return { status, headers, body: bytes };
}

function dropReply({ file }: Reply): void {
  if (file !== undefined) closeSync(file.handle);
}

export const objectOf = ({ name, query }: StorageRequest): string => name || (query.get('name') ?? '');

function matches(match: FaultMatch = {}, request: StorageRequest): boolean {
  const { operations, bucket, namePrefix = '', worker } = match;
  return (
    (operations === undefined || operations.includes(request.operation)) &&
    (bucket === undefined || bucket === request.bucket) &&
    objectOf(request).startsWith(namePrefix) &&
    (worker === undefined || worker === request.client)
  );
}
