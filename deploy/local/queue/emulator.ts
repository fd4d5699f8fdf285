import type { IncomingMessage } from 'node:http';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { type Clock, systemClock } from '../clock.ts';
import { listen, stop, urlOf } from '../loopback.ts';
import type { QueueLimits } from './limits.ts';
import { lastSegment, parseTask, QueueError, taskResource } from './task.ts';
import { openTaskQueue, type TaskQueue } from './task-queue.ts';

interface QueueEmulatorOptions {
  /** Folder of the tasks, which are kept in `.queue` below it. */
  readonly root: string;
  /** `projects/P/locations/L/queues/Q`. */
  readonly name: string;
  readonly limits: QueueLimits;
  /** Nothing is sent before `resume()`. */
  readonly isPaused?: boolean;
  readonly clock?: Clock;
  readonly log?: (message: string) => void;
}

export interface QueueEmulator extends Pick<TaskQueue, 'list' | 'pause' | 'resume' | 'idle'> {
  /** Base URL of the REST API. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * One queue of Cloud Tasks on this machine, for development: creates named tasks over REST v2, with limits of
 * rate and concurrency, and repeats until 2xx. No tokens are made, and a restart ends a pause.
 */
export async function startQueueEmulator(options: QueueEmulatorOptions): Promise<QueueEmulator> {
  const { name, limits, clock = systemClock, log = () => {}, isPaused = false } = options;
  const server = await listen(0);
  const journalPath = join(resolve(options.root), '.queue', `${lastSegment(name)}.jsonl`);
  const queue = openTaskQueue({ name, journalPath, limits, isPaused, clock, log });
  server.on('request', async (message, response) => {
    const { status, json } = await answer(message, queue, clock).catch(refusal);
    response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8' });
    response.end(JSON.stringify(json));
  });
  return {
    ...queue,
    url: urlOf(server),
    close: async () => {
      await stop(server);
      queue.close();
    },
  };
}

interface Answer {
  readonly status: number;
  readonly json: unknown;
}

/** The one method of the API that the functions call: `tasks.create`. */
const ROUTE = /^\/v2\/(projects\/[^/]+\/locations\/[^/]+\/queues\/[^/:]+)\/tasks$/;

async function answer(message: IncomingMessage, queue: TaskQueue, clock: Clock): Promise<Answer> {
  const sent = await readJson(message);
  const [, name] = ROUTE.exec((message.url ?? '').replace(/\?.*$/s, '')) ?? [];
  if (name === undefined || message.method !== 'POST') {
    throw new QueueError(404, 'NOT_FOUND', `No such method: ${message.method} ${message.url}`);
  }
  if (name !== queue.name) throw new QueueError(404, 'NOT_FOUND', `Queue does not exist: ${name}`);
  const task = parseTask(sent, name, clock.now());
  queue.add(task);
  return { status: 200, json: taskResource(task) };
}

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
