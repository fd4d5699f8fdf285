import { Agent, request } from 'node:http';
import { withDeadline } from '../../../lib/abort.ts';
import { EditError } from '../../../lib/errors.ts';
import { type Clock, scopedClock } from '../clock.ts';
import { type Disturbance, disturbance } from './disturbance.ts';
import { finalizedEvent } from './event.ts';
import type { StoredObject } from './stored-object.ts';

/** Eventarc waits 10 s to 600 s between tries; on one machine that would be taken for a hang. */
const MIN_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 60_000;
/** The longest an event function may run. */
const ATTEMPT_DEADLINE_MS = 540_000;
const MAX_IN_FLIGHT = 16;

export interface DeliveryTiming {
  readonly minBackoffMs?: number;
  readonly maxBackoffMs?: number;
  readonly deadlineMs?: number;
  readonly maxInFlight?: number;
}

export interface DeliveryCounts {
  readonly attempts: number;
  readonly acknowledged: number;
  readonly failed: number;
  readonly dropped: number;
  /** Deliveries not yet acknowledged. */
  readonly outstanding: number;
}

/** Events on their way: at least once, in no order, again and again until acknowledged. */
export interface Deliveries {
  publish(object: StoredObject): void;
  subscribe(bucket: string, url: string): void;
  /** Duplicates, delays, reorders or drops what is published from now on. */
  disturb(settings: Disturbance): void;
  counts(): DeliveryCounts;
  /** Settles when nothing is outstanding. */
  idle(): Promise<void>;
  close(): void;
}

export interface DeliveryOptions {
  readonly clock: Clock;
  readonly timing: DeliveryTiming;
  readonly baseUrl: string;
  readonly onAcknowledged: (object: StoredObject) => void;
  /** Called when a bucket gets a subscriber: what it should still hear of. */
  readonly pendingOf: (bucket: string) => Iterable<StoredObject>;
  readonly log: (message: string) => void;
}

interface Delivery {
  readonly object: StoredObject;
  readonly url: string;
  readonly id: string;
  tries: number;
}

export function startDeliveries(options: DeliveryOptions): Deliveries {
  const { timing, log } = options;
  const clock = scopedClock(options.clock);
  const { minBackoffMs = MIN_BACKOFF_MS, maxBackoffMs = MAX_BACKOFF_MS } = timing;
  const { deadlineMs = ATTEMPT_DEADLINE_MS, maxInFlight = MAX_IN_FLIGHT } = timing;
  const subscribers = new Map<string, Set<string>>();
  const agent = new Agent({ keepAlive: true });
  const closing = new AbortController();
  const ready: Delivery[] = [];
  const counts = { attempts: 0, acknowledged: 0, failed: 0, dropped: 0, outstanding: 0 };
  let inFlight = 0;
  let lastId = clock.now() * 1000;
  let whenIdle: (() => void)[] = [];

  const settle = (): void => {
    if (counts.outstanding > 0) return;
    for (const resolve of whenIdle) resolve();
    whenIdle = [];
  };
  const retryLater = (delivery: Delivery, why: string): void => {
    counts.failed++;
    const waitMs = Math.min(minBackoffMs * 2 ** (delivery.tries - 1), maxBackoffMs);
    const { bucket, name } = delivery.object;
    log(`storage: event of ${bucket}/${name} not acknowledged (${why}), again in ${waitMs} ms`);
    clock.after(waitMs, () => enqueue(delivery));
  };
  const attempt = async (delivery: Delivery): Promise<void> => {
    counts.attempts++;
    delivery.tries++;
    const { headers, body } = finalizedEvent(delivery.object, delivery.id, options.baseUrl);
    const late = new EditError('DEADLINE_EXCEEDED', `no answer within ${deadlineMs} ms`);
    const outcome = await withDeadline({ ms: deadlineMs, late, others: [closing.signal] }, (signal) =>
      post(delivery.url, { headers, body, agent, signal }),
    ).catch((error: Error) => error);
    if (closing.signal.aborted) return;
    if (typeof outcome === 'number' && outcome >= 200 && outcome < 300) {
      counts.acknowledged++;
      counts.outstanding--;
      options.onAcknowledged(delivery.object);
    } else {
      retryLater(delivery, outcome instanceof Error ? outcome.message : `status ${outcome}`);
    }
  };
  const pump = (): void => {
    while (inFlight < maxInFlight && !closing.signal.aborted) {
      const delivery = ready.shift();
      if (delivery === undefined) return;
      inFlight++;
      void attempt(delivery).then(() => {
        inFlight--;
        settle();
        pump();
      });
    }
  };
  const enqueue = (delivery: Delivery): void => {
    ready.push(delivery);
    pump();
  };
  const disturbed = disturbance(clock, {
    deliver: enqueue,
    copy: (delivery: Delivery) => {
      counts.outstanding++;
      return { ...delivery, id: String(++lastId), tries: 0 };
    },
    drop: (delivery) => {
      counts.dropped++;
      counts.outstanding--;
      options.onAcknowledged(delivery.object);
      settle();
    },
  });
  const send = (object: StoredObject, url: string): void => {
    counts.outstanding++;
    disturbed.pass({ object, url, id: String(++lastId), tries: 0 });
  };

  return {
    publish: (object) => {
      for (const url of subscribers.get(object.bucket) ?? []) send(object, url);
    },
    subscribe: (bucket, url) => {
      const urls = subscribers.get(bucket) ?? new Set();
      if (urls.has(url)) return;
      subscribers.set(bucket, urls.add(url));
      for (const object of options.pendingOf(bucket)) send(object, url);
    },
    disturb: disturbed.set,
    counts: () => ({ ...counts }),
    idle: () => new Promise((resolve) => (counts.outstanding === 0 ? resolve() : whenIdle.push(resolve))),
    close: () => {
      closing.abort();
      clock.cancelAll();
      agent.destroy();
    },
  };
}

interface Post {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly agent: Agent;
  readonly signal: AbortSignal;
}

const post = (url: string, { headers, body, agent, signal }: Post): Promise<number> =>
  new Promise((resolve, reject) => {
    const length = { 'content-length': Buffer.byteLength(body) };
    const sent = request(
      url,
      { method: 'POST', headers: { ...headers, ...length }, agent, signal },
      (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode ?? 0));
        response.once('error', reject);
      },
    );
    sent.once('error', reject);
    sent.end(body);
  });
