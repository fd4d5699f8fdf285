import type { Config } from '../config.ts';
import type { Log } from '../log.ts';
import type { Attributes, Trace, Tracing } from '../trace.ts';
import { type ExportSpans, startTracing } from '../trace/tracing.ts';

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

/** `fetch` with every call as a part of the trace. Nothing of its body or query is told. */
export function tracedFetch(trace: Trace): typeof fetch {
  return (input, init) => {
    const { host, pathname } = new URL(input instanceof Request ? input.url : input);
    const method = init?.method ?? 'GET';
    const facts = { 'http.request.method': method, 'server.address': host, 'url.path': pathname };
    const call = async (note: (facts: Attributes) => void) => {
      const response = await fetch(input, init);
      note({ 'http.response.status_code': response.status });
      return response;
    };
    return trace('model call', call, facts);
  };
}
