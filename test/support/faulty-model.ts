import { ApiError } from '../../deploy/local/model/api-error.ts';
import {
  type ModelEmulator,
  type ModelEmulatorOptions,
  startModelEmulator,
} from '../../deploy/local/model/emulator.ts';
import type { ImageFacts } from '../../deploy/local/model/images.ts';
import type { Removal } from '../../deploy/local/model/painting.ts';
import type { AnswerCall, ModelCall } from '../../deploy/local/model/server.ts';
import type { Work } from '../../deploy/local/model/tools.ts';
import { type Behaviour, misbehavedReply, refuseFields } from './model-behaviour.ts';

/** What was asked of the emulator: names, numbers and sizes; never a prompt, a picture or a token. */
interface LoggedCall {
  readonly model: string;
  /** What was answered; 0 for a connection that was broken or left hanging. */
  readonly status: number;
  readonly images: readonly ImageFacts[];
  readonly samples: number;
  /** Whether a bearer token came along. */
  readonly hasToken: boolean;
  /** What the answer says that it used. */
  readonly usage: unknown;
}

/** A model emulator that misbehaves on demand and remembers its calls. */
export interface FaultyModel extends ModelEmulator {
  /** For the next `times` calls; for all calls from now on when left out. */
  behave(behaviour: Behaviour, times?: number): void;
  calls(): readonly LoggedCall[];
  /** Well-behaved again, and no calls remembered. */
  reset(): void;
}

export interface FaultyModelOptions extends Omit<ModelEmulatorOptions, 'answerCall'> {
  /** Sees each body as it came, before it is judged. */
  readonly onRequest?: (path: string, body: unknown) => void;
}

/** Fills with one grey: removals are told apart from everything else at a glance. */
const greyRemoval: Removal = async (crop, mask) => {
  const data = new Uint8Array(crop.data);
  for (let i = 0; i < data.length; i++) if (mask.data[Math.floor(i / 3)] !== 0) data[i] = 90;
  return { ...crop, data };
};

/** Removes by grey and answers in 64 px where the models give 1024, unless told otherwise. */
export async function startFaultyModel(options: FaultyModelOptions = {}): Promise<FaultyModel> {
  const { onRequest = () => {}, ...rest } = options;
  let standing: Behaviour = {};
  let passing: Behaviour[] = [];
  let calls: LoggedCall[] = [];
  const answerCall: AnswerCall = async (call, judge) => {
    onRequest(call.path, call.body);
    const behaviour = { ...standing, ...passing.shift() };
    let work: Work | undefined;
    const log = (status: number, reply?: unknown) =>
      void calls.push({ ...loggedCall(call, work, status), usage: usageIn(reply) });
    try {
      refuseFields(call.body, behaviour);
      work = await judge();
      if (behaviour.reset) call.breakOff();
      const answer = await answerWith(call, work, behaviour);
      log(answer?.status ?? 0, answer?.json);
      return answer;
    } catch (error) {
      log(error instanceof ApiError ? error.code : 500);
      throw error;
    }
  };
  const emulator = await startModelEmulator({ removal: greyRemoval, scale: 1 / 16, ...rest, answerCall });
  return {
    ...emulator,
    behave: (behaviour, times) => {
      if (times === undefined) standing = behaviour;
      else passing.push(...Array.from({ length: times }, () => behaviour));
    },
    calls: () => calls,
    reset: () => {
      [standing, passing, calls] = [{}, [], []];
    },
  };
}

async function answerWith(call: ModelCall, work: Work, behaviour: Behaviour) {
  const { hang, reset, status, retryAfter: retryAfterSeconds, garbage } = behaviour;
  // A hanging client ends it by going away, or the emulator by closing.
  if (hang || reset) return undefined;
  if (status !== undefined)
    throw new ApiError(status, `Refused with ${status} for a test`, {
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    });
  if (garbage) return { status: 200, text: '<html>not what was expected</html>' };
  return { status: 200, json: await misbehavedReply(call, work, behaviour) };
}

function nameOf(target: ModelCall['target']): string {
  if (target.kind === 'model') return target.model;
  return target.kind === 'remover' ? 'remover' : `endpoints/${target.endpoint}`;
}

const usageIn = (reply: unknown): unknown =>
  (reply as { readonly usageMetadata?: unknown } | undefined)?.usageMetadata;

function loggedCall({ target, headers }: ModelCall, work: Work | undefined, status: number) {
  return {
    model: nameOf(target),
    status,
    images: work?.images ?? [],
    samples: work?.samples ?? 0,
    hasToken: headers.authorization?.startsWith('Bearer ') ?? false,
  };
}
