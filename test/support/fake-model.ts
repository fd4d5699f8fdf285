import type { Clock } from '../../lib/engines/vertex/vertex.ts';

/** What the fake model answers: a status and JSON, text, a fault to throw, or nothing ever. */
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

export interface SeenRequest {
  readonly url: string;
  readonly headers: Headers;
  readonly body: SeenBody;
}

/** A `fetch` that answers from a list, the last answer again and again, and remembers what it was asked. */
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

/** Time that passes only by sleeping, at once. Deadlines abort when the test says so. */
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
      expiries.push(() => timeUp.abort(late));
      return { signal: AbortSignal.any([timeUp.signal, signal]), [Symbol.dispose]: () => {} };
    },
  };
  const expire = () => {
    for (const abort of expiries) abort();
  };
  return { clock, slept, expire };
}
