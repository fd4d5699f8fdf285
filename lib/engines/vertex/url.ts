import { EditError } from '../../errors.ts';
import { isLoopback } from '../loopback.ts';

interface ModelHost {
  /** Without a trailing slash; paths start at `/v1`. */
  readonly origin: string;
  /** False only for a plain-http server on loopback. */
  readonly needsToken: boolean;
}

/** Multi-regions have hosts of their own; `global-aiplatform.googleapis.com` does not exist. */
const multiRegions: ReadonlySet<string> = new Set(['us', 'eu']);

/**
 * Where the model API of a location is: `global`, the multi-regions `us` and `eu`, or a region.
 *
 * @param baseUrl replaces the host, e.g. `http://127.0.0.1:9090` for an emulator, or a private endpoint.
 * @throws {EditError} `CONFIG_INVALID` for what is no URL, and for plain http beyond loopback: everybody on
 *   the way could read the token and the pictures.
 */
export function modelHost(location: string, baseUrl?: string): ModelHost {
  if (baseUrl === undefined) return { origin: `https://${googleHost(location)}`, needsToken: true };
  const url = URL.parse(baseUrl);
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.username || url.search || url.hash) {
    throw new EditError(
      'CONFIG_INVALID',
      'Expected MODEL_BASE_URL to be an http(s) URL without user or query',
    );
  }
  const isPlain = url.protocol === 'http:';
  if (isPlain && !isLoopback(url.hostname)) {
    throw new EditError(
      'CONFIG_INVALID',
      `Expected https for MODEL_BASE_URL beyond this machine, got http://${url.hostname}`,
    );
  }
  return { origin: `${url.origin}${url.pathname}`.replace(/\/+$/, ''), needsToken: !isPlain };
}

function googleHost(location: string): string {
  // The location becomes part of the host name the token is sent to.
  if (!/^[a-z]+(-[a-z]+[0-9]+)?$/.test(location)) {
    throw new EditError(
      'CONFIG_INVALID',
      `Expected LOCATION to be like us-central1 or global, got ${location}`,
    );
  }
  if (location === 'global') return 'aiplatform.googleapis.com';
  if (multiRegions.has(location)) return `aiplatform.${location}.rep.googleapis.com`;
  return `${location}-aiplatform.googleapis.com`;
}

/**
 * The path of a method of a Google-published model, below its location.
 *
 * @throws {EditError} `CONFIG_INVALID` for an id that would reach another path.
 */
export function modelPath(model: string, method: 'predict' | 'generateContent'): string {
  // `@` stays as it is: ids such as `imagegeneration@006` are documented with it.
  if (!/^[\w@.-]+$/.test(model) || model.includes('..')) {
    throw new EditError('CONFIG_INVALID', 'Expected MODEL to be an id of letters, digits, @, dot and hyphen');
  }
  return `publishers/google/models/${model}:${method}`;
}
