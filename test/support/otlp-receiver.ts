import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { listenOn } from './listening.ts';

interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
  readonly status: { readonly code?: number; readonly message?: string };
}

interface TraceRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: ReceivedSpan['attributes'] };
    readonly scopeSpans: readonly { readonly spans: readonly ReceivedSpan[] }[];
  }[];
}

export interface OtlpReceiver extends AsyncDisposable {
  readonly url: string;
  /** Bodies as they came. */
  readonly bodies: string[];
  spans(): ReceivedSpan[];
}

/** A collector on loopback that takes OTLP over HTTP in JSON at `/v1/traces`, or answers by `behaviour`. */
export async function startOtlpReceiver(behaviour?: RequestListener): Promise<OtlpReceiver> {
  const bodies: string[] = [];
  const accept: RequestListener = (request, response) => {
    const isRight =
      request.method === 'POST' &&
      request.url === '/v1/traces' &&
      request.headers['content-type'] === 'application/json';
    response.writeHead(isRight ? 200 : 404, { 'content-type': 'application/json' }).end('{}');
  };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    bodies.push(Buffer.concat(chunks).toString());
    (behaviour ?? accept)(request, response);
  });
  return {
    url: await listenOn(server),
    bodies,
    spans: () =>
      bodies.flatMap((body) =>
        (JSON.parse(body) as TraceRequest).resourceSpans.flatMap(({ scopeSpans }) =>
          scopeSpans.flatMap(({ spans }) => spans),
        ),
      ),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
