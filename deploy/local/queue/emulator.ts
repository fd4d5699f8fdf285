import type { IncomingMessage } from 'node:http';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { type Clock, systemClock } from '../clock.ts';
import { listen, stop, urlOf } from '../loopback.ts';
import type { QueueLimits } from './limits.ts';
import { lastSegment, parseTask, QueueError, taskResource } from './task.ts';
import { openTaskQueue, type TaskQueue } from './task-queue.ts';

export interface QueueEmulatorOptions {
  /** Folder of the tasks, which are kept in `.queue` below it. */
  readonly root: string;
  /** By full name, `projects/P/locations/L/queues/Q`. */
  readonly queues: Readonly<Record<string, QueueLimits>>;
  /** Nothing is sent before `resume()` of a queue. */
  readonly isPaused?: boolean;
  readonly clock?: Clock;
  readonly log?: (message: string) => void;
}

export interface QueueEmulator {
  /** Base URL of the REST API. */
  readonly url: string;
  /** @throws {QueueError} 404 */
  queue(name: string): Pick<TaskQueue, 'list' | 'pause' | 'resume' | 'idle'>;
  close(): Promise<void>;
}

/**
 * Cloud Tasks on this machine, for development: named tasks over REST v2, rate and concurrency limits,
 * repeats until 2xx. No tokens are made, and a paused queue is not paused after a restart.
 */
export async function startQueueEmulator(options: QueueEmulatorOptions): Promise<QueueEmulator> {
  const { clock = systemClock, log = () => {}, isPaused = false } = options;
  const server = await listen(0);
  const queues = new Map<string, TaskQueue>();
  for (const [name, limits] of Object.entries(options.queues)) {
    const journalPath = join(resolve(options.root), '.queue', `${lastSegment(name)}.jsonl`);
    queues.set(name, openTaskQueue({ name, journalPath, limits, isPaused, clock, log }));
  }
  const queueOf = (name: string): TaskQueue => {
    const queue = queues.get(name);
    if (queue === undefined) throw new QueueError(404, 'NOT_FOUND', `Queue does not exist: ${name}`);
    return queue;
  };
  server.on('request', async (message, response) => {
    const { status, json } = await answer(message, queueOf, clock).catch(refusal);
    response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8' });
    response.end(JSON.stringify(json));
  });
  return {
    url: urlOf(server),
    queue: queueOf,
    close: async () => {
      await stop(server);
      for (const queue of queues.values()) queue.close();
    },
  };
}

interface Answer {
  readonly status: number;
  readonly json: unknown;
}

const ROUTE =
  /^\/v2\/(?<queue>projects\/[^/]+\/locations\/[^/]+\/queues\/[^/:]+)(?<tasks>\/tasks(?:\/(?<task>[^/:]+))?)?(?::(?<verb>\w+))?$/;

async function answer(
  message: IncomingMessage,
  queueOf: (name: string) => TaskQueue,
  clock: Clock,
): Promise<Answer> {
  const sent = await readJson(message);
  const route = ROUTE.exec((message.url ?? '').replace(/\?.*$/s, ''))?.groups;
  const queue = queueOf(route?.['queue'] ?? message.url ?? '');
  const name = `${queue.name}/tasks/${route?.['task']}`;
  const shape = [route?.['tasks'] && (route['task'] ? 'task' : 'tasks'), route?.['verb']]
    .filter(Boolean)
    .join(':');
  switch (`${message.method} ${shape}`) {
    case 'POST tasks': {
      const task = parseTask(sent, queue.name, clock.now());
      queue.add(task);
      return ok(taskResource(task));
    }
    case 'GET tasks':
      return ok({ tasks: queue.list().map(taskResource) });
    case 'GET task':
      return ok(taskResource(queue.get(name)));
    case 'DELETE task':
      queue.delete(name);
      return ok({});
    case 'GET ':
      return ok(queueResource(queue));
    case 'POST pause':
      queue.pause();
      return ok(queueResource(queue));
    case 'POST resume':
      queue.resume();
      return ok(queueResource(queue));
    case 'POST purge':
      for (const task of queue.list()) queue.delete(task.name);
      return ok(queueResource(queue));
    default:
      throw new QueueError(404, 'NOT_FOUND', `No such method: ${message.method} ${message.url}`);
  }
}

const ok = (json: unknown): Answer => ({ status: 200, json });

const queueResource = (queue: TaskQueue): unknown => ({
  name: queue.name,
  state: queue.isPaused() ? 'PAUSED' : 'RUNNING',
  rateLimits: {
    maxDispatchesPerSecond: queue.limits.maxDispatchesPerSecond,
    maxConcurrentDispatches: queue.limits.maxConcurrentDispatches,
  },
  retryConfig: { maxAttempts: queue.limits.maxAttempts },
});

function refusal(error: unknown): Answer {
  const { code, status, message } =
    error instanceof QueueError ? error : new QueueError(500, 'INTERNAL', String(error));
  return { status: code, json: { error: { code, status, message } } };
}

async function readJson(message: IncomingMessage): Promise<unknown> {
  try {
    return JSON.parse((await text(message)) || '{}');
  } catch {
    throw new QueueError(400, 'INVALID_ARGUMENT', 'Invalid JSON payload received');
  }
}
