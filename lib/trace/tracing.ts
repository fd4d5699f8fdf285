import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import { asEditError } from '../errors.ts';
import type { Attributes, Trace, TraceContext, Tracing } from '../trace.ts';

/** A finished span. */
export interface Span {
  readonly name: string;
  /** `server` for a request or event, `internal` for the work below it. */
  readonly kind: 'server' | 'internal';
  readonly context: TraceContext;
  readonly parentSpanId: string | undefined;
  /** ms since the epoch, with fractions. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  /** Code of the error that ended the span. Never its message, which may hold private data. */
  readonly errorCode: string | undefined;
}

/** Exports the spans of one request. Never rejects, and takes a bounded time. */
export type ExportSpans = (spans: readonly Span[]) => Promise<void>;

/** The span that code runs in. */
interface Scope {
  readonly context: TraceContext | undefined;
  /** The finished spans of the request; `undefined` when they are not recorded. */
  readonly finished: Span[] | undefined;
}

/** A job of 16 regions and 4 candidates has about 300; an endless loop must not fill the memory. */
const maxSpans = 2000;

/**
 * Follows each request through everything that is awaited for it.
 *
 * @param exportSpans takes the finished spans. Without it none are recorded, and log lines carry the span of
 *   the caller.
 */
export function startTracing(exportSpans?: ExportSpans): Tracing {
  const scopes = new AsyncLocalStorage<Scope>();
  return {
    current: () => scopes.getStore()?.context,
    serve: serveIn(scopes, exportSpans),
    trace: traceIn(scopes),
  };
}

function serveIn(scopes: AsyncLocalStorage<Scope>, exportSpans?: ExportSpans): Tracing['serve'] {
  return (name, parent, answer) => {
    const isRecorded = exportSpans !== undefined && (parent?.isSampled ?? true);
    if (!isRecorded) {
      return scopes.run({ context: parent, finished: undefined }, () => answer(async () => {}));
    }
    const finished: Span[] = [];
    const context = childOf(parent);
    const end = startSpan({ name, kind: 'server', context, parentSpanId: parent?.spanId });
    let hasEnded = false;
    return scopes.run({ context, finished }, () =>
      answer(async (attributes = {}) => {
        if (hasEnded) return;
        hasEnded = true;
        const code = attributes['error.type'];
        finished.push(end(attributes, code === undefined ? undefined : String(code)));
        await exportSpans(finished);
      }),
    );
  };
}

function traceIn(scopes: AsyncLocalStorage<Scope>): Trace {
  return async (name, work, attributes = {}) => {
    const scope = scopes.getStore();
    if (scope?.context === undefined || scope.finished === undefined) return work(() => {});
    const { finished } = scope;
    const context = childOf(scope.context);
    const end = startSpan({ name, kind: 'internal', context, parentSpanId: scope.context.spanId });
    let noted = attributes;
    const note = (more: Attributes) => {
      noted = { ...noted, ...more };
    };
    let errorCode: string | undefined;
    try {
      return await scopes.run({ context, finished }, async () => work(note));
    } catch (error) {
      errorCode = asEditError(error).code;
      throw error;
    } finally {
      if (finished.length < maxSpans) finished.push(end(noted, errorCode));
    }
  };
}

/** Starts the clock of a span; the function that is returned ends it. */
function startSpan(start: Pick<Span, 'name' | 'kind' | 'context' | 'parentSpanId'>) {
  const startMs = nowMs();
  return (attributes: Attributes, errorCode: string | undefined): Span => ({
    ...start,
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

/** Unlike `Date.now()` it never goes back, and has a resolution of microseconds. */
function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
