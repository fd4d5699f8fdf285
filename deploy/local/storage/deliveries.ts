import { Agent } from 'node:http';
import { withDeadline } from '../../../lib/abort.ts';
import { EditError } from '../../../lib/errors.ts';
import { type Clock, type ScopedClock, scopedClock } from '../clock.ts';
import { finalizedEvent, postEvent } from './events.ts';
import type { StoredObject } from './object.ts';

/** Eventarc waits 10 s to 600 s between tries; on one machine that would be taken for a hang. */
const MIN_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 60_000;
/** The longest an event function may run. */
const ATTEMPT_DEADLINE_MS = 540_000;
const MAX_IN_FLIGHT = 16;

export interface DeliveryTiming {
  readonly minBackoffMs?: number;
  readonly maxBackoffMs?: number;
  readonly maxInFlight?: number;
}

/** Events on their way: each arrives at least once, in no order, again and again until it is acknowledged. */
export interface Deliveries {
  publish(object: StoredObject): void;
  /** Sends the bucket's events to a URL, first those still pending. */
  subscribe(bucket: string, url: string): void;
  /** Resolves when every event has been acknowledged. */
  idle(): Promise<void>;
  close(): void;
}

interface DeliveryOptions {
  readonly clock: Clock;
  readonly timing: DeliveryTiming;
  readonly baseUrl: string;
  /** How often each event is sent. Tests lose events (0) and double them (2). */
  readonly eventCopies: () => number;
  readonly onAcknowledged: (object: StoredObject) => void;
  /** Objects of a bucket whose event has not been acknowledged. */
  readonly pendingOf: (bucket: string) => Iterable<StoredObject>;
  readonly log: (message: string) => void;
}

interface Delivery {
  readonly object: StoredObject;
  readonly url: string;
  readonly id: string;
  tries: number;
}

interface Outbox {
  readonly options: DeliveryOptions;
  readonly clock: ScopedClock;
  readonly agent: Agent;
  readonly closing: AbortController;
  readonly ready: Delivery[];
  /** Deliveries not yet acknowledged. */
  outstanding: number;
  inFlight: number;
  lastId: number;
  whenIdle: (() => void)[];
}

export function startDeliveries(options: DeliveryOptions): Deliveries {
  const clock = scopedClock(options.clock);
  const subscribers = new Map<string, Set<string>>();
  const outbox: Outbox = {
    ...{ options, clock, agent: new Agent({ keepAlive: true }), closing: new AbortController() },
    ...{ ready: [], outstanding: 0, inFlight: 0, lastId: clock.now() * 1000, whenIdle: [] },
  };
  return {
    publish: (object) => {
      const copies = options.eventCopies();
      if (copies === 0) options.onAcknowledged(object);
      for (const url of subscribers.get(object.bucket) ?? [])
        for (let n = 0; n < copies; n++) send(outbox, object, url);
    },
    subscribe: (bucket, url) => {
      const urls = subscribers.get(bucket) ?? new Set();
      if (urls.has(url)) return;
      subscribers.set(bucket, urls.add(url));
      for (const object of options.pendingOf(bucket)) send(outbox, object, url);
    },
    idle: () =>
      new Promise((resolve) => (outbox.outstanding === 0 ? resolve() : outbox.whenIdle.push(resolve))),
    close: () => {
      outbox.closing.abort();
      clock.cancelAll();
      outbox.agent.destroy();
    },
  };
}

function send(outbox: Outbox, object: StoredObject, url: string): void {
  outbox.outstanding++;
  outbox.ready.push({ object, url, id: String(++outbox.lastId), tries: 0 });
  pump(outbox);
}

/** Starts deliveries until as many are under way as may be. */
function pump(outbox: Outbox): void {
  const { maxInFlight = MAX_IN_FLIGHT } = outbox.options.timing;
  while (outbox.inFlight < maxInFlight && !outbox.closing.signal.aborted) {
    const delivery = outbox.ready.shift();
    if (delivery === undefined) return;
    outbox.inFlight++;
    void attempt(outbox, delivery).then(() => {
      outbox.inFlight--;
      settle(outbox);
      pump(outbox);
    });
  }
}

function settle(outbox: Outbox): void {
  if (outbox.outstanding > 0) return;
  for (const resolve of outbox.whenIdle) resolve();
  outbox.whenIdle = [];
}

async function attempt(outbox: Outbox, delivery: Delivery): Promise<void> {
  const { options, closing, agent } = outbox;
  delivery.tries++;
  const event = finalizedEvent(delivery.object, delivery.id, options.baseUrl);
  const late = () => new EditError('DEADLINE_EXCEEDED', `no answer within ${ATTEMPT_DEADLINE_MS} ms`);
  const limits = { ms: ATTEMPT_DEADLINE_MS, late, signal: closing.signal };
  const outcome = await withDeadline(limits, (signal) =>
    postEvent(delivery.url, event, { agent, signal }),
  ).catch((error: Error) => error);
  if (closing.signal.aborted) return;
  if (typeof outcome === 'number' && outcome >= 200 && outcome < 300) {
    outbox.outstanding--;
    options.onAcknowledged(delivery.object);
  } else {
    retryLater(outbox, delivery, outcome instanceof Error ? outcome.message : `status ${outcome}`);
  }
}

function retryLater(outbox: Outbox, delivery: Delivery, why: string): void {
  const { minBackoffMs = MIN_BACKOFF_MS, maxBackoffMs = MAX_BACKOFF_MS } = outbox.options.timing;
  const waitMs = Math.min(minBackoffMs * 2 ** (delivery.tries - 1), maxBackoffMs);
  const { bucket, name } = delivery.object;
  outbox.options.log(`storage: event of ${bucket}/${name} not acknowledged (${why}), again in ${waitMs} ms`);
  outbox.clock.after(waitMs, () => {
    outbox.ready.push(delivery);
    pump(outbox);
  });
}
