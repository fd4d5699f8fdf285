import type { Config } from '../config.ts';
import type { Log } from '../log.ts';
import type { ObjectStore } from '../storage/store.ts';
import { type ExportSpans, startTracing } from '../trace/tracing.ts';
import { type Attributes, type Trace, type Tracing, traceHeaders } from '../trace.ts';

/**
 * Tracing as configured. Without a collector no spans are recorded, and log lines carry the caller's span.
 */
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

/**
 * `fetch` with a span for each call, which the called service continues. Neither body nor query is recorded.
 */
export function tracedFetch({ trace, current }: Pick<Tracing, 'trace' | 'current'>): typeof fetch {
  return (input, init) => {
    const { host, pathname } = new URL(input instanceof Request ? input.url : input);
    const method = init?.method ?? 'GET';
    const attributes = { 'http.request.method': method, 'server.address': host, 'url.path': pathname };
    const call = async (note: (attributes: Attributes) => void) => {
      const headers = new Headers(init?.headers);
      for (const [name, value] of Object.entries(traceHeaders(current()))) headers.set(name, value);
      const response = await fetch(input, { ...init, headers });
      note({ 'http.response.status_code': response.status });
      return response;
    };
    return trace('model call', call, attributes);
  };
}

/** A store with a span for each request. The bucket is recorded, not the name of the object. */
export function tracedStore(store: ObjectStore, trace: Trace): ObjectStore {
  const span = <T>(name: string, bucket: string, work: () => Promise<T>) =>
    trace(`storage ${name}`, work, { 'gcs.bucket': bucket });
  return {
    stat: (id, signal) => span('stat', id.bucket, () => store.stat(id, signal)),
    read: (id, options) => span('read', id.bucket, () => store.read(id, options)),
    create: (id, bytes, options) => span('create', id.bucket, () => store.create(id, bytes, options)),
    swapMetadata: (id, metadata, signal) =>
      span('swap', id.bucket, () => store.swapMetadata(id, metadata, signal)),
    // Pages are fetched between the work of the reader: a span would measure both.
    list: (bucket, options, signal) => store.list(bucket, options, signal),
  };
}
