import type { HttpFunction, Request } from '@google-cloud/functions-framework';
import { EditError } from '../lib/errors.ts';
import { shortName } from '../lib/requests/schema.ts';
import { type HttpSettings, httpFunction } from './http.ts';
import type { StudioParts } from './studio/context.ts';

interface StudioOptions extends HttpSettings, StudioParts {
  /** False: every address is unknown. */
  readonly isOn: boolean;
}

/** Larger bodies count. */
const smallBodyBytes = 1024 * 1024;

/** Jobs, uploads and capabilities over HTTP. It edits nothing itself. */
export function studioFunction(options: StudioOptions): HttpFunction {
  const queryNames = async (request: Request) => {
    const { query = [] } = (await routeOf(request, options.isOn)).route;
    return typeof query === 'function' ? query(request) : query;
  };
  return httpFunction({ ...options, name: 'studio', queryNames }, async (request, response, signal) => {
    const { route, path } = await routeOf(request, options.isOn);
    const query = new URL(request.originalUrl, 'http://any').searchParams;
    const answer = () => route.answer({ request, response, signal, path, query }, options);
    return (request.rawBody?.length ?? 0) > smallBodyBytes ? options.bodies(answer) : answer();
  });
}

/** @throws {EditError} `NOT_FOUND`, or `METHOD_NOT_ALLOWED` where the address takes others. */
async function routeOf(request: Request, isOn: boolean) {
  // Loaded with the first request: the other functions start without it.
  const { routes } = await import('./studio/routes.ts');
  const found = routes.filter(({ path }) => isOn && path.test(request.path));
  const route = found.find(({ method }) => method === request.method);
  if (route !== undefined) return { route, path: route.path.exec(request.path)?.groups ?? {} };
  if (found.length > 0) {
    const methods = found.map(({ method }) => method).join(', ');
    request.res?.set('Allow', methods);
    throw new EditError('METHOD_NOT_ALLOWED', `Expected ${methods}, got ${request.method}`);
  }
  const known = isOn ? 'capabilities, plan, jobs or uploads' : 'STUDIO=on';
  throw new EditError('NOT_FOUND', `Expected ${known}, got ${shortName(request.path)}`);
}
