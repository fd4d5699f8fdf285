import type { IncomingMessage } from 'node:http';
import type { Deliveries } from './deliveries.ts';
import type { Disturbance } from './disturbance.ts';
import type { FaultRule, Faults } from './faults.ts';
import { type Reply, readJson } from './reply.ts';
import { CONTROL_PREFIX, type Target } from './request.ts';
import type { RequestCounter } from './request-counts.ts';
import { notFound } from './service-error.ts';

export interface ControlParts {
  readonly faults: Faults;
  readonly counter: RequestCounter;
  readonly deliveries: Deliveries;
  readonly advance: (ms: number) => void;
}

/**
 * The emulator's own switches, for programs that run in another process than it:
 *
 * | request | does |
 * |---|---|
 * | `GET`, `DELETE /_control/requests` | shows the counts; sets them to 0 |
 * | `GET`, `PUT`, `DELETE /_control/faults` | shows the hits; sets rules (JSON array); resets |
 * | `POST /_control/faults/release` | lets hanging requests go on |
 * | `POST /_control/clock` | `{ "advanceMs": n }` moves the server's clock |
 * | `GET`, `PUT /_control/events` | shows delivery counts; sets the disturbance |
 * | `POST /_control/subscriptions` | `{ "bucket": b, "url": u }` |
 */
export function controlHandler(
  parts: ControlParts,
): (target: Target, message: IncomingMessage) => Promise<Reply> {
  const { faults, counter, deliveries, advance } = parts;
  const ok = (json: unknown = {}): Reply => ({ status: 200, json });
  const actions: Readonly<Record<string, (sent: never) => unknown>> = {
    'GET requests': counter.snapshot,
    'DELETE requests': counter.reset,
    'GET faults': () => ({ hits: faults.hits() }),
    'PUT faults': (rules: readonly FaultRule[]) => faults.set(rules),
    'DELETE faults': faults.reset,
    'POST faults/release': faults.release,
    'POST clock': ({ advanceMs }: { advanceMs: number }) => advance(advanceMs),
    'GET events': deliveries.counts,
    'PUT events': (settings: Disturbance) => deliveries.disturb(settings),
    'POST subscriptions': ({ bucket, url }: { bucket: string; url: string }) =>
      deliveries.subscribe(bucket, url),
  };
  return async ({ path }, message) => {
    const action = actions[`${message.method} ${path.slice(CONTROL_PREFIX.length)}`];
    if (action === undefined) throw notFound('Not Found');
    return ok(action((await readJson(message)) as never));
  };
}
