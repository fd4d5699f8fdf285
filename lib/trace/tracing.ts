import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import { asEditError } from '../errors.ts';
import type { Attributes, Trace, TraceContext, Tracing } from '../trace.ts';

/** A part of the work that is over. */
export interface Span {
  readonly name: string;
  /** `server` is what is served, everything below it is internal. */
  readonly kind: 'server' | 'internal';
  readonly context: TraceContext;
  readonly parentSpanId: string | undefined;
  /** ms since the epoch, with fractions. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  /** Code of the error it ended in. Never its message: that may hold what was asked for. */
  readonly errorCode: string | undefined;
}

/** Hands over the spans of one request. Never rejects, and takes a bounded time. */
export type ExportSpans = (spans: readonly Span[]) => Promise<void>;

interface Scope {
  readonly context: TraceContext | undefined;
  /** The finished spans of the request; `undefined` where nobody records them. */
  readonly finished: Span[] | undefined;
}

/** A job of 16 regions and 4 candidates has about 300; an endless loop must not fill the memory. */
const maxSpans = 2000;

/**
 * Follows each request through everything that is awaited for it.
 *
 * @param exportSpans where finished spans go; without it only the place of log lines is known.
 */
export function startTracing(exportSpans?: ExportSpans): Tracing {
  const scopes = new AsyncLocalStorage<Scope>();

  const trace: Trace = async (name, work, attributes = {}) => {
    const scope = scopes.getStore();
    if (scope?.context === undefined || scope.finished === undefined) return work(() => {});
    const { finished } = scope;
    const context = childOf(scope.context);
    const end = startSpan({ name, kind: 'internal', context, parentSpanId: scope.context.spanId });
    let facts = attributes;
    const note = (more: Attributes) => {
      facts = { ...facts, ...more };
    };
    let errorCode: string | undefined;
    try {
      return await scopes.run({ context, finished }, async () => work(note));
    } catch (error) {
      errorCode = asEditError(error).code;
      throw error;
    } finally {
      if (finished.length < maxSpans) finished.push(end(facts, errorCode));
    }
  };

  const serve: Tracing['serve'] = (name, parent, answer) => {
    const isRecorded = exportSpans !== undefined && (parent?.isSampled ?? true);
    if (!isRecorded) {
      return scopes.run({ context: parent, finished: undefined }, () => answer(async () => {}));
    }
    const finished: Span[] = [];
    const context = childOf(parent);
    const end = startSpan({ name, kind: 'server', context, parentSpanId: parent?.spanId });
    let isOver = false;
    return scopes.run({ context, finished }, () =>
      answer(async (attributes = {}) => {
        if (isOver) return;
        isOver = true;
        const code = attributes['error.type'];
        finished.push(end(attributes, code === undefined ? undefined : String(code)));
        await exportSpans(finished);
      }),
    );
  };

  return { current: () => scopes.getStore()?.context, serve, trace };
}

function startSpan(facts: Pick<Span, 'name' | 'kind' | 'context' | 'parentSpanId'>) {
  const startMs = nowMs();
  return (attributes: Attributes, errorCode: string | undefined): Span => ({
    ...facts,
    startMs,
    endMs: nowMs(),
    attributes,
    errorCode,
  });
}

function childOf(parent: TraceContext | undefined): TraceContext {
  const traceId = parent?.traceId ?? randomBytes(16).toString('hex');
  return { traceId, spanId: randomBytes(8).toString('hex'), isSampled: true };
}

/** Unlike `Date.now()` it never goes back, and it tells microseconds apart. */
function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
