import type { IncomingMessage } from 'node:http';
import type { Clock } from '../clock.ts';
import { ApiError } from './api-error.ts';
import { type Behaviour, type BehaviourPlan, behaviourFromText } from './behaviour.ts';
import type { CallLog, ModelCall } from './call-log.ts';
import { endpointWork } from './endpoint.ts';
import { geminiWork } from './gemini.ts';
import { findModel } from './models.ts';
import { predictWork } from './predict.ts';
import type { Target } from './route.ts';
import type { Tools, Work } from './work.ts';

export interface ModelParts {
  readonly tools: Tools;
  readonly plan: BehaviourPlan;
  readonly log: CallLog;
  readonly clock: Clock;
}

/** What is sent back. */
export interface Answer {
  readonly status: number;
  readonly json?: unknown;
  readonly text?: string;
  readonly retryAfterSeconds?: number | undefined;
}

export interface ModelRequest {
  readonly target: Target;
  readonly body: unknown;
  readonly message: IncomingMessage;
  /** Aborts when the client goes away. */
  readonly gone: AbortSignal;
  /** Breaks the connection. */
  readonly breakOff: () => void;
}

/**
 * One call of a model API: judged, then answered or misbehaved as asked, and noted in the log.
 *
 * @returns what to send; `undefined` when the client is to hear nothing.
 * @throws {ApiError} for everything the service would refuse.
 */
export async function answerModel(
  { tools, plan, log, clock }: ModelParts,
  { target, body, message, gone, breakOff }: ModelRequest,
): Promise<Answer | undefined> {
  const behaviour = plan.take(askedBehaviour(message));
  let work: Work | undefined;
  const note = (status: number) => log.add(callOf(target, message, behaviour, work, status));
  try {
    work = await workFor(target, body, tools);
    if (behaviour.slow) await waitFor(clock, behaviour.slow, gone);
    if (behaviour.reset || behaviour.hang) {
      note(0);
      // A hanging client ends it by going away, or the emulator by closing.
      if (behaviour.reset) breakOff();
      return undefined;
    }
    refuseIfAsked(behaviour);
    const json = behaviour.garbage ? undefined : await work.run(behaviour, gone);
    note(200);
    return behaviour.garbage
      ? { status: 200, text: '<html>not what was expected</html>' }
      : { status: 200, json };
  } catch (error) {
    note(error instanceof ApiError ? error.code : 500);
    throw error;
  }
}

function workFor(target: Target, body: unknown, tools: Tools): Promise<Work> {
  if (target.kind === 'endpoint') return endpointWork(body, tools);
  const model = findModel(target);
  return target.method === 'predict' ? predictWork(model, body, tools) : geminiWork(model, body, tools);
}

function refuseIfAsked({ status, retryAfter }: Behaviour): void {
  if (status === undefined) return;
  throw new ApiError(status, refusals[status] ?? 'The service is currently unavailable.', {
    ...(retryAfter !== undefined && { retryAfterSeconds: retryAfter }),
  });
}

const refusals: Readonly<Record<number, string>> = {
  400: 'Request contains an invalid argument.',
  401: 'Request had invalid authentication credentials. Expected OAuth 2 access token.',
  403: "Permission 'aiplatform.endpoints.predict' denied on resource (or it may not exist).",
  404: 'Publisher Model was not found or your project does not have access to it.',
  429: 'Resource exhausted. Please try again later.',
  500: 'Internal error encountered.',
};

function callOf(
  target: Target,
  { headers }: IncomingMessage,
  behaviour: Behaviour,
  work: Work | undefined,
  status: number,
): ModelCall {
  const isModel = target.kind === 'model';
  return {
    method: isModel ? target.method : 'predict',
    model: isModel ? target.model : `endpoints/${target.endpoint}`,
    location: target.location,
    status,
    images: work?.images ?? [],
    samples: work?.samples ?? 0,
    behaviour,
    hasToken: headers.authorization?.startsWith('Bearer ') ?? false,
  };
}

/** `x-emulate: shift=3` or `?emulate=shift%3D3`; the header wins. */
function askedBehaviour({ headers, url }: IncomingMessage): Behaviour {
  const query = new URL(url ?? '/', 'http://localhost').searchParams.get('emulate') ?? '';
  const header = headers['x-emulate'];
  return { ...behaviourFromText(query), ...behaviourFromText(typeof header === 'string' ? header : '') };
}

export function pathOf({ url }: IncomingMessage): string {
  return new URL(url ?? '/', 'http://localhost').pathname;
}

function waitFor(clock: Clock, ms: number, gone: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const cancel = clock.after(ms, resolve);
  gone.addEventListener(
    'abort',
    () => {
      cancel();
      reject(new Error('The client went away'));
    },
    { once: true },
  );
  return promise;
}
