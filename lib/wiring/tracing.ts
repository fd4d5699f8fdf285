import type { Config } from '../config.ts';
import type { Log } from '../log.ts';
import type { ObjectStore } from '../storage/store.ts';
import { traceHeaders } from '../trace/context.ts';
import { type ExportSpans, startTracing } from '../trace/tracing.ts';
import type { Attributes, Trace, Tracing } from '../trace.ts';

/** Tracing as configured; without a collector it costs the place of log lines only. */
export function makeTracing({ otlpEndpoint: endpoint, service }: Config, log: () => Log): Tracing {
  if (endpoint === undefined) return startTracing();
  let exporter: Promise<ExportSpans> | undefined;
  return startTracing(async (spans) => {
    exporter ??= import('../trace/otlp.ts').then(({ otlpExporter }) =>
      otlpExporter({ endpoint, service: service?.name ?? 'gcs-inpaint', log: log() }),
    );
    await (await exporter)(spans);
  });
}

/** `fetch` with every call as a part of the trace, which the other side is told of. Nothing of body or query is told to us. */
export function tracedFetch({ trace, current }: Pick<Tracing, 'trace' | 'current'>): typeof fetch {
  return (input, init) => {
    const { host, pathname } = new URL(input instanceof Request ? input.url : input);
    const method = init?.method ?? 'GET';
    const facts = { 'http.request.method': method, 'server.address': host, 'url.path': pathname };
    const call = async (note: (facts: Attributes) => void) => {
      const headers = new Headers(init?.headers);
      for (const [name, value] of Object.entries(traceHeaders(current()))) headers.set(name, value);
      const response = await fetch(input, { ...init, headers });
      note({ 'http.response.status_code': response.status });
      return response;
    };
    return trace('model call', call, facts);
  };
}

/** A store with every request as a part of the trace. Of names only the bucket's is told. */
export function tracedStore(store: ObjectStore, trace: Trace): ObjectStore {
  const part = <T>(name: string, bucket: string, work: () => Promise<T>) =>
    trace(`storage ${name}`, work, { 'gcs.bucket': bucket });
  return {
    stat: (id, signal) => part('stat', id.bucket, () => store.stat(id, signal)),
    read: (id, options) => part('read', id.bucket, () => store.read(id, options)),
    create: (id, bytes, options) => part('create', id.bucket, () => store.create(id, bytes, options)),
    swapMetadata: (id, metadata, signal) =>
      part('swap', id.bucket, () => store.swapMetadata(id, metadata, signal)),
    // Its requests come between the reader's own work: no part of their own.
    list: (bucket, options, signal) => store.list(bucket, options, signal),
  };
}
