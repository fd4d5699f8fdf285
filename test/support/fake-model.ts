import type { Clock } from '../../lib/engines/calls/in-time.ts';
import { type EngineName, engineFor } from '../../lib/engines/engines.ts';
import type { ModelSettings, Tuning } from '../../lib/engines/entry.ts';
import { labelCodec } from './inpaint-request.ts';

/** What the fake model does: answers a status with JSON or text, throws a fault, or hangs. */
export interface FakeAnswer {
  readonly status?: number;
  readonly json?: unknown;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly fault?: Error;
  readonly hang?: boolean;
}

/** The parts of request bodies that tests read one by one; whole bodies are compared by `toEqual`. */
export interface SeenBody {
  readonly instances: readonly {
    readonly prompt?: unknown;
    readonly image: { readonly bytesBase64Encoded: string; readonly [field: string]: unknown };
    readonly referenceImages: readonly {
      readonly referenceImage: { readonly bytesBase64Encoded: string };
      readonly maskImageConfig?: unknown;
    }[];
    readonly [field: string]: unknown;
  }[];
  readonly parameters: {
    readonly editConfig: { readonly maskMode?: unknown; readonly [field: string]: unknown };
    readonly upscaleConfig?: unknown;
    readonly negativePrompt?: unknown;
    readonly sampleCount?: unknown;
    readonly storageUri?: unknown;
    readonly [field: string]: unknown;
  };
  readonly contents: readonly {
    readonly parts: readonly {
      readonly text: string;
      readonly inlineData: { readonly mimeType: string; readonly data: string };
    }[];
  }[];
  readonly generationConfig: {
    readonly imageConfig: { readonly personGeneration?: unknown; readonly [field: string]: unknown };
    readonly [field: string]: unknown;
  };
  readonly safetySettings: readonly { readonly threshold: string }[];
  readonly labels?: unknown;
}

interface SeenRequest {
  readonly url: string;
  readonly headers: Headers;
  readonly body: SeenBody;
}

/** A `fetch` that gives these answers in turn, the last one for ever, and keeps the requests. */
export function fakeModel(...answers: readonly FakeAnswer[]) {
  const seen: SeenRequest[] = [];
  const fakeFetch = async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const answer = answers[Math.min(seen.length, answers.length - 1)] ?? {};
    seen.push({
      url: String(input),
      headers: new Headers(init.headers),
      body: JSON.parse(String(init.body)),
    });
    if (init.signal?.aborted) throw init.signal.reason;
    if (answer.hang) {
      await new Promise((_, reject) => {
        init.signal?.addEventListener('abort', () => reject(init.signal?.reason), { once: true });
      });
    }
    if (answer.fault) throw answer.fault;
    const body = answer.text ?? JSON.stringify(answer.json ?? {});
    return new Response(body, { status: answer.status ?? 200, headers: answer.headers ?? {} });
  };
  return { fetch: fakeFetch as typeof fetch, seen };
}

/** Time that passes only by sleeping, at once. Deadlines abort when the test calls `expire`. */
export function fakeClock(startMs = Date.UTC(2026, 0, 1)) {
  let nowMs = startMs;
  const slept: number[] = [];
  const expiries: (() => void)[] = [];
  const clock: Clock = {
    now: () => nowMs,
    sleep: async (ms, signal) => {
      signal.throwIfAborted();
      slept.push(ms);
      nowMs += ms;
    },
    deadline: (_ms, late, signal) => {
      const timeUp = new AbortController();
      expiries.push(() => timeUp.abort(late()));
      return { signal: AbortSignal.any([timeUp.signal, signal]), [Symbol.dispose]: () => {} };
    },
  };
  const expire = () => {
    for (const abort of expiries) abort();
  };
  return { clock, slept, expire };
}

/** A project, and nothing else set. */
export const modelSettings: ModelSettings = {
  project: 'p',
  location: undefined,
  modelBaseUrl: undefined,
  endpointId: undefined,
  models: {},
};

interface FakeEngineOptions {
  readonly model?: string | undefined;
  readonly codec?: Parameters<typeof engineFor>[2]['codec'];
  readonly settings?: Partial<ModelSettings>;
  readonly tuning?: Tuning;
}

/** An engine of the table on a fake model, in fake time, with the requests it sent. */
export async function engineOnFake(
  name: EngineName,
  answers: readonly FakeAnswer[],
  { model, codec = labelCodec, settings, tuning }: FakeEngineOptions = {},
) {
  const { fetch, seen } = fakeModel(...answers);
  const time = fakeClock();
  const authorize = async () => new Headers();
  const engine = await engineFor(
    { engine: name, model },
    { ...modelSettings, ...settings },
    { codec, tuning: { fetch, authorize, clock: time.clock, random: () => 0, ...tuning } },
  );
  return { engine, seen, ...time };
}
