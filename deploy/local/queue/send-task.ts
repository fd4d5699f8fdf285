import { request } from 'node:http';
import { request as secureRequest } from 'node:https';
import { withDeadline } from '../../../lib/abort.ts';
import { EditError } from '../../../lib/errors.ts';
import { lastSegment, type Task } from './task.ts';

/** Outcome of one try. `status` is undefined when the handler did not answer or could not be reached. */
export interface Handled {
  readonly status: number | undefined;
  readonly retryAfter: string | undefined;
}

/**
 * Sends a task as Cloud Tasks does, without a token: handlers on this machine check none.
 * @see https://cloud.google.com/tasks/docs/creating-http-target-tasks#handler
 */
export function sendTask(task: Task, queue: string, closing: AbortSignal): Promise<Handled> {
  const body = Buffer.from(task.body, 'base64');
  const headers = {
    'user-agent': 'Google-Cloud-Tasks',
    ...task.headers,
    'content-length': body.length,
    'x-cloudtasks-queuename': lastSegment(queue),
    'x-cloudtasks-taskname': lastSegment(task.name),
    'x-cloudtasks-taskretrycount': task.dispatches,
    'x-cloudtasks-taskexecutioncount': task.responses,
    'x-cloudtasks-tasketa': (task.dueMs / 1000).toFixed(6),
    ...(task.lastStatus === undefined ? {} : { 'x-cloudtasks-taskpreviousresponse': task.lastStatus }),
  };
  const send = task.url.startsWith('https:') ? secureRequest : request;
  const post = (signal: AbortSignal) =>
    new Promise<Handled>((resolve) => {
      const silent = (): void => resolve({ status: undefined, retryAfter: undefined });
      const sent = send(task.url, { method: task.method, headers, signal }, (response) => {
        response.resume();
        response.once('error', silent);
        response.once('end', () => {
          resolve({ status: response.statusCode, retryAfter: response.headers['retry-after'] });
        });
      });
      sent.once('error', silent);
      sent.end(body);
    });
  const late = () =>
    new EditError('DEADLINE_EXCEEDED', `Expected an answer within ${task.deadlineMs} ms, got none`);
  return withDeadline({ ms: task.deadlineMs, late, signal: closing }, post);
}
