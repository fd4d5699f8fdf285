import { ApiError } from './api-error.ts';

/**
 * The request shapes of the models. This table is kept apart from the one of the adapters on purpose: no test
 * could find a mistake in a table that both sides read.
 */
export type Protocol = 'imagen3-edit' | 'imagen2-edit' | 'generate' | 'upscale' | 'gemini' | 'segmentation';

export interface Model {
  readonly id: string;
  readonly protocols: readonly Protocol[];
  readonly takesNegativePrompt: boolean;
  readonly maxSamples: number;
  readonly upscaleFactors: readonly string[];
  readonly imageSizes: readonly string[];
  /** Accepts the very wide and very high ratios of newer models. */
  readonly hasExtremeRatios: boolean;
  /** Sizes of answers of another generation. */
  readonly hasPixelsOf25: boolean;
  /** Knows only one size, and no field for it. */
  readonly hasOneSize: boolean;
  /** Tokens of one picture by its size. */
  readonly imageTokens: readonly [oneK: number, twoK: number, fourK: number];
  /** Tiers other than standard that it has, in `global`; and `batch`. */
  readonly tiers: readonly string[];
  /** How long it may be told to think; none where it does not know the field. */
  readonly thinkingLevels: readonly string[];
  /** `undefined`: every region, but not `global`. */
  readonly locations: readonly string[] | undefined;
}

type ServedModel = Omit<Model, 'id'>;

const imagen: ServedModel = {
  protocols: ['generate'],
  takesNegativePrompt: true,
  maxSamples: 4,
  upscaleFactors: [],
  imageSizes: ['1K'],
  hasExtremeRatios: false,
  hasPixelsOf25: false,
  hasOneSize: false,
  imageTokens: [1120, 1680, 2520],
  tiers: [],
  thinkingLevels: [],
  locations: undefined,
};
const imagen4: ServedModel = { ...imagen, takesNegativePrompt: false, imageSizes: ['1K', '2K'] };
const gemini: ServedModel = {
  ...imagen,
  protocols: ['gemini'],
  imageSizes: ['1K', '2K', '4K'],
  locations: ['global', 'us', 'eu'],
};

const servedModels: Readonly<Record<string, ServedModel>> = {
  'imagen-3.0-capability-001': { ...imagen, protocols: ['imagen3-edit', 'generate'] },
  'imagegeneration@006': { ...imagen, protocols: ['imagen2-edit', 'generate'] },
  'imagegeneration@005': imagen,
  'imagegeneration@002': {
    ...imagen,
    protocols: ['generate', 'upscale'],
    maxSamples: 8,
    upscaleFactors: ['x2', 'x4'],
  },
  'imagen-4.0-generate-001': imagen4,
  'imagen-4.0-ultra-generate-001': imagen4,
  'imagen-4.0-fast-generate-001': { ...imagen4, imageSizes: ['1K'] },
  'imagen-3.0-generate-002': { ...imagen, takesNegativePrompt: false },
  'imagen-3.0-generate-001': imagen,
  'imagen-3.0-fast-generate-001': imagen,
  'imagen-4.0-upscale-preview': {
    ...imagen,
    protocols: ['upscale'],
    upscaleFactors: ['x2', 'x3', 'x4'],
  },
  'image-segmentation-001': { ...imagen, protocols: ['segmentation'] },
  'gemini-nano-banana-2.1': {
    ...gemini,
    locations: ['global'],
    hasExtremeRatios: true,
    imageTokens: [1120, 1680, 3780],
    tiers: ['flex', 'priority', 'batch'],
    thinkingLevels: ['MINIMAL', 'MEDIUM', 'HIGH'],
  },
  'gemini-3.1-flash-image': { ...gemini, hasExtremeRatios: true, thinkingLevels: ['MINIMAL', 'HIGH'] },
  'gemini-3.1-flash-lite-image': { ...gemini, imageSizes: ['1K'], hasOneSize: true },
  'gemini-3-pro-image': { ...gemini, imageTokens: [1120, 1120, 2000] },
  'gemini-2.5-flash-image': {
    ...gemini,
    imageSizes: ['1K'],
    hasOneSize: true,
    hasPixelsOf25: true,
    imageTokens: [1290, 1290, 1290],
  },
};

/** Models that can be named for an engine. */
export function servedModelIds(engine: string): readonly string[] {
  const protocols: Readonly<Record<string, Protocol>> = {
    gemini: 'gemini',
    imagen: 'imagen3-edit',
    imagen2: 'imagen2-edit',
  };
  const protocol = protocols[engine];
  return Object.keys(servedModels).filter(
    (id) => protocol !== undefined && servedModels[id]?.protocols.includes(protocol),
  );
}

export interface ModelTarget {
  readonly kind: 'model';
  readonly project: string;
  readonly location: string;
  readonly model: string;
  readonly method: 'predict' | 'generateContent';
}

interface EndpointTarget {
  readonly kind: 'endpoint';
  readonly project: string;
  readonly location: string;
  readonly endpoint: string;
}

export type Target = ModelTarget | EndpointTarget | { readonly kind: 'remover' };

const versionAndLocation = '^/(?:v1|v1beta1)/projects/([^/]+)/locations/([a-z0-9-]+)';
const modelPath = new RegExp(
  `${versionAndLocation}/publishers/google/models/([^/:]+):(predict|generateContent)$`,
);
const endpointPath = new RegExp(`${versionAndLocation}/endpoints/([\\w-]+):predict$`);

/** @throws {ApiError} 404 for a path or an HTTP method no model API has. */
export function targetOf(httpMethod: string | undefined, path: string): Target {
  const decoded = decodePath(path);
  if (httpMethod === 'POST' && decoded === '/remove') return { kind: 'remover' };
  const endpoint = endpointPath.exec(decoded);
  const model = modelPath.exec(decoded);
  if (httpMethod === 'POST' && endpoint !== null) {
    const [, project = '', location = '', id = ''] = endpoint;
    return { kind: 'endpoint', project, location, endpoint: id };
  }
  if (httpMethod === 'POST' && model !== null) {
    const [, project = '', location = '', id = '', method] = model;
    return { kind: 'model', project, location, model: id, method: method as ModelTarget['method'] };
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

/** @throws {ApiError} 404 for an unknown id, or one that is not served in this location. */
export function findModel({ project, location, model }: Omit<ModelTarget, 'kind' | 'method'>): Model {
  const served = Object.hasOwn(servedModels, model) ? servedModels[model] : undefined;
  const isThere = served?.locations?.includes(location) ?? location !== 'global';
  if (served === undefined || !isThere) {
    throw new ApiError(
      404,
      `Publisher Model \`projects/${project}/locations/${location}/publishers/google/models/${model}\` was not found or your project does not have access to it. Please ensure you are using a valid model version.`,
    );
  }
  return { id: model, ...served };
}
