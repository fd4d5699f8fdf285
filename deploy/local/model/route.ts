import { ApiError } from './api-error.ts';

export interface ModelTarget {
  readonly kind: 'model';
  readonly project: string;
  readonly location: string;
  readonly model: string;
  readonly method: 'predict' | 'generateContent';
}

export interface EndpointTarget {
  readonly kind: 'endpoint';
  readonly project: string;
  readonly location: string;
  readonly endpoint: string;
}

export type Target = ModelTarget | EndpointTarget;

const versionAndLocation = '^/(?:v1|v1beta1)/projects/([^/]+)/locations/([a-z0-9-]+)';
const modelPath = new RegExp(`${versionAndLocation}/publishers/google/models/([^/:]+):(\\w+)$`);
const endpointPath = new RegExp(`${versionAndLocation}/endpoints/([\\w-]+):predict$`);

/** @throws {ApiError} 404 for a path or an HTTP method no model API has. */
export function targetOf(httpMethod: string | undefined, path: string): Target {
  const decoded = decodePath(path);
  const endpoint = endpointPath.exec(decoded);
  const model = modelPath.exec(decoded);
  if (httpMethod === 'POST' && endpoint !== null) {
    const [, project = '', location = '', id = ''] = endpoint;
    return { kind: 'endpoint', project, location, endpoint: id };
  }
  if (httpMethod === 'POST' && model !== null) {
    const [, project = '', location = '', id = '', method] = model;
    if (method === 'predict' || method === 'generateContent') {
      return { kind: 'model', project, location, model: id, method };
    }
  }
  throw new ApiError(404, `The requested URL was not found for ${httpMethod}: ${decoded.slice(0, 200)}`);
}

/** Clients write `imagegeneration@006` with and without percent signs. */
function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new ApiError(400, 'Expected a well-formed path');
  }
}
