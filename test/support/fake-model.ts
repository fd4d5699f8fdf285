import type { Clock } from '../../lib/engines/vertex.ts';

/** What the fake model answers: a status and JSON, text, a fault to throw, or nothing ever. */
export interface FakeAnswer {
  readonly status?: number;
  readonly json?: unknown;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly fault?: Error;
  readonly hang?: boolean;
}

export interface SeenRequest {
  readonly url: string;
  readonly headers: Headers;
  // Bodies are compared field by field by the tests that read them.
  // biome-ignore lint/suspicious/noExplicitAny: JSON of any shape
  readonly body: any;
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
  const deadlines: AbortController[] = [];
  const clock: Clock = {
    now: () => nowMs,
    sleep: async (ms, signal) => {
      signal.throwIfAborted();
      slept.push(ms);
      nowMs += ms;
    },
    deadline: () => {
      const controller = new AbortController();
      deadlines.push(controller);
      return controller.signal;
    },
  };
  const expire = () => {
    for (const controller of deadlines) controller.abort(new DOMException('time is up', 'TimeoutError'));
  };
  return { clock, slept, expire };
}
