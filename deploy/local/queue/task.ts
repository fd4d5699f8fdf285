import { randomInt } from 'node:crypto';
import { z } from 'zod';

/** An error answer of the REST API. */
export class QueueError extends Error {
  override readonly name = 'QueueError';
  readonly code: number;
  readonly status: string;

  constructor(code: number, status: string, message: string) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

const invalid = (message: string): QueueError => new QueueError(400, 'INVALID_ARGUMENT', message);

/** @see https://cloud.google.com/tasks/docs/quotas */
const MAX_TASK_BYTES = 1024 * 1024;
const MAX_SCHEDULE_AHEAD_MS = 30 * 24 * 3_600_000;
const MIN_DEADLINE_S = 15;
const MAX_DEADLINE_S = 1800;
const DEFAULT_DEADLINE_S = 600;

export interface Task {
  /** `projects/P/locations/L/queues/Q/tasks/T`. */
  readonly name: string;
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Base64, as sent. */
  readonly body: string;
  readonly deadlineMs: number;
  readonly createdMs: number;
  /** Earliest time of the next try. */
  readonly dueMs: number;
  /** Tries so far, and those among them that were answered. */
  readonly dispatches: number;
  readonly responses: number;
  readonly lastStatus: number | undefined;
}

const requestSchema = z.strictObject({
  responseView: z.string().optional(),
  task: z.strictObject({
    name: z.string().optional(),
    scheduleTime: z.iso.datetime({ offset: true }).optional(),
    dispatchDeadline: z
      .string()
      .regex(/^\d+(\.\d+)?s$/)
      .optional(),
    httpRequest: z.strictObject({
      url: z.url({ protocol: /^https?$/ }),
      httpMethod: z.enum(['POST', 'GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']).default('POST'),
      headers: z.record(z.string(), z.string()).default({}),
      body: z.base64().default(''),
      oidcToken: z
        .strictObject({ serviceAccountEmail: z.string(), audience: z.string().optional() })
        .optional(),
      oauthToken: z
        .strictObject({ serviceAccountEmail: z.string(), scope: z.string().optional() })
        .optional(),
    }),
  }),
});

/**
 * Reads the body of a `tasks.create` for this queue.
 * @throws {QueueError} 400 where the service would.
 * @see https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues.tasks
 */
export function parseTask(sent: unknown, queue: string, nowMs: number): Task {
  const parsed = requestSchema.safeParse(sent);
  if (!parsed.success) throw invalid(z.prettifyError(parsed.error));
  const { name, scheduleTime, dispatchDeadline, httpRequest } = parsed.data.task;
  const dueMs = scheduleTime === undefined ? nowMs : Math.max(nowMs, Date.parse(scheduleTime));
  if (dueMs > nowMs + MAX_SCHEDULE_AHEAD_MS) throw invalid('Expected scheduleTime within 30 days');
  const deadlineS = dispatchDeadline === undefined ? DEFAULT_DEADLINE_S : Number.parseFloat(dispatchDeadline);
  if (deadlineS < MIN_DEADLINE_S || deadlineS > MAX_DEADLINE_S) {
    throw invalid(
      `Expected dispatchDeadline of ${MIN_DEADLINE_S} s to ${MAX_DEADLINE_S} s, got ${dispatchDeadline}`,
    );
  }
  if (httpRequest.body.length > MAX_TASK_BYTES)
    throw invalid(`Expected a task of at most ${MAX_TASK_BYTES} bytes`);
  return {
    name: taskName(name, queue),
    url: httpRequest.url,
    method: httpRequest.httpMethod,
    headers: httpRequest.headers,
    body: httpRequest.body,
    deadlineMs: deadlineS * 1000,
    createdMs: nowMs,
    dueMs,
    dispatches: 0,
    responses: 0,
    lastStatus: undefined,
  };
}

const MAX_RANDOM = 2 ** 47;

function taskName(name: string | undefined, queue: string): string {
  if (name === undefined) return `${queue}/tasks/${randomInt(MAX_RANDOM)}`;
  const id = name.startsWith(`${queue}/tasks/`) ? name.slice(queue.length + '/tasks/'.length) : '';
  if (!/^[A-Za-z0-9_-]{1,500}$/.test(id)) throw invalid(`Expected a name ${queue}/tasks/ID, got ${name}`);
  return name;
}

export const lastSegment = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

const iso = (ms: number): string => new Date(ms).toISOString();

/** The task as the API shows it, in its basic view: without the body. */
export function taskResource(task: Task): unknown {
  return {
    name: task.name,
    httpRequest: { url: task.url, httpMethod: task.method, headers: task.headers },
    createTime: iso(task.createdMs),
    scheduleTime: iso(task.dueMs),
    dispatchDeadline: `${task.deadlineMs / 1000}s`,
    dispatchCount: task.dispatches,
    responseCount: task.responses,
    view: 'BASIC',
  };
}
