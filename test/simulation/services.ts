import { sawModelCall } from './audit.ts';
import { ask, type CallKind, here, machine } from './machine.ts';

/** The services that the functions reach over HTTP: the model and the queue. */

export interface Task {
  readonly bucket: string;
  readonly name: string;
  readonly job: string;
}

interface Services {
  /** Name of a task -> when its name may be given again. */
  readonly taskNames: Map<string, number>;
  /** Tasks that were taken, by the name of their picture. */
  readonly taken: Map<string, number>;
  readonly enqueue: (task: Task) => void;
  /** Jobs of whose end the topic was told. */
  readonly told: Set<string>;
  /** Share of the calls that the model and the queue answer with an error. */
  faults: number;
}

export const modelUrl = 'https://model.example/paint';
export const queueUrl = 'http://localhost:1';
export const topicHost = 'localhost:2';

/** Cloud Tasks refuses the name of a task for about an hour after the task has ended. */
const nameKeptMs = 3_600_000;

let current: Services;

export function startServices(enqueue: Services['enqueue']): Services {
  current = { taskNames: new Map(), taken: new Map(), told: new Set(), enqueue, faults: 0 };
  return current;
}

/** The task has ended: its name is free after a while. */
export function endTask({ job }: Task): void {
  current.taskNames.set(job, machine().nowMs + nameKeptMs);
}

/** Somebody empties the queue: the names of its tasks are kept as long as those of others. */
export function loseTasks(): void {
  for (const job of current.taskNames.keys()) {
    current.taskNames.set(job, Math.min(current.taskNames.get(job) ?? 0, machine().nowMs + nameKeptMs));
  }
}

/** In the place of `fetch`. An abort lets go of the caller; its request is under way all the same. */
export function simulatedFetch(input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
  const url = String(input);
  const { signal } = init;
  const kind: keyof typeof answers = url === modelUrl ? 'model' : url.includes(topicHost) ? 'topic' : 'queue';
  const text = String(init.body ?? '');
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    signal?.addEventListener('abort', () => reject(signal.reason));
    ask(kind, kind, () => answers[kind](text)).then(resolve, reject);
  });
}

/** The topic takes a message about the end of a job. */
function takeMessage(text: string): Response {
  const { draw } = machine();
  if (draw.chance(current.faults)) return new Response(null, { status: draw.oneOf([403, 429, 503]) });
  const { messages } = JSON.parse(text) as { messages: { attributes: { job: string } }[] };
  for (const { attributes } of messages) current.told.add(attributes.job);
  return new Response(null, { status: 200 });
}

function takeTask(text: string): Response {
  const { draw, nowMs } = machine();
  if (draw.chance(current.faults)) return new Response(null, { status: draw.oneOf([429, 503]) });
  const { task } = JSON.parse(text) as { task: { httpRequest: { body: string } } };
  const body = JSON.parse(Buffer.from(task.httpRequest.body, 'base64').toString()) as Task;
  current.taken.set(body.name, (current.taken.get(body.name) ?? 0) + 1);
  if ((current.taskNames.get(body.job) ?? 0) > nowMs) return new Response(null, { status: 409 });
  current.taskNames.set(body.job, Number.POSITIVE_INFINITY);
  current.enqueue(body);
  return new Response(null, { status: 200 });
}

/** Answers that cost nothing: the model did not run. */
const refusals = [
  () => new Response(null, { status: 429, headers: { 'Retry-After': '7' } }),
  () => new Response(null, { status: 429 }),
  () => new Response(null, { status: 503 }),
  () => new Response(null, { status: 403 }),
];

const startOfImage = [0xff, 0xd8, 0xff];
const endOfImage = [0xff, 0xd9];

/** A text between the bytes by which the engines know a JPEG. */
const jpegOf = (text: string) => Uint8Array.from([...startOfImage, ...Buffer.from(text), ...endOfImage]);

function paint(text: string): Response {
  const { draw, tell } = machine();
  if (draw.chance(current.faults)) return draw.oneOf(refusals)();
  const { image = '' } = JSON.parse(text) as { image?: string };
  const asked = Buffer.from(image, 'base64').toString();
  const [picture = '', , key = ''] = asked.split('|');
  const call = sawModelCall(picture, key, here.getStore()?.name ?? 'nobody');
  tell(`the model paints ${picture} ${key}, call ${call}`);
  return new Response(draw.chance(current.faults) ? 'nothing' : jpegOf(`painted ${picture} ${key} ${call}`));
}

const answers: Readonly<Record<Exclude<CallKind, 'storage'>, (text: string) => Response>> = {
  model: paint,
  queue: takeTask,
  topic: takeMessage,
};
