import { ApiError } from './api-error.ts';

/**
 * The request shapes a model id is served by. Written down apart from the adapters on purpose: what both
 * sides took from one table, no test could find wrong.
 */
export type Protocol = 'imagen3-edit' | 'imagen2-edit' | 'generate' | 'upscale' | 'gemini';

interface ServedModel {
  readonly protocols: readonly Protocol[];
  readonly negativePrompt?: boolean;
  readonly maxSamples?: number;
  readonly upscaleFactors?: readonly string[];
  readonly imageSizes?: readonly string[];
  /** The very wide and very high ratios of newer models. */
  readonly extremeRatios?: boolean;
  /** Gemini only; Imagen is served in every region but never in `global`. */
  readonly locations?: readonly string[];
}

const imagen4: ServedModel = { protocols: ['generate'], negativePrompt: false, imageSizes: ['1K', '2K'] };
const imagen3: ServedModel = { protocols: ['generate'] };

const servedModels: Readonly<Record<string, ServedModel>> = {
  'imagen-3.0-capability-001': { protocols: ['imagen3-edit', 'generate'] },
  'imagegeneration@006': { protocols: ['imagen2-edit', 'generate'] },
  'imagegeneration@005': imagen3,
  'imagegeneration@002': {
    protocols: ['generate', 'upscale'],
    maxSamples: 8,
    upscaleFactors: ['x2', 'x4'],
  },
  'imagen-4.0-generate-001': imagen4,
  'imagen-4.0-ultra-generate-001': imagen4,
  'imagen-4.0-fast-generate-001': { ...imagen4, imageSizes: ['1K'] },
  'imagen-3.0-generate-002': { ...imagen3, negativePrompt: false },
  'imagen-3.0-generate-001': imagen3,
  'imagen-3.0-fast-generate-001': imagen3,
  'imagen-4.0-upscale-preview': { protocols: ['upscale'], upscaleFactors: ['x2', 'x3', 'x4'] },
  'gemini-nano-banana-2.1': { protocols: ['gemini'], locations: ['global'], extremeRatios: true },
  'gemini-3.1-flash-image': {
    protocols: ['gemini'],
    locations: ['global', 'us', 'eu'],
    extremeRatios: true,
  },
  'gemini-3-pro-image': { protocols: ['gemini'], locations: ['global', 'us', 'eu'] },
};

export interface Model {
  readonly id: string;
  readonly protocols: readonly Protocol[];
  readonly takesNegativePrompt: boolean;
  readonly maxSamples: number;
  readonly upscaleFactors: readonly string[];
  readonly imageSizes: readonly string[];
  readonly hasExtremeRatios: boolean;
}

interface ModelPath {
  readonly project: string;
  readonly location: string;
  readonly model: string;
}

/** @throws {ApiError} 404 for an id nobody serves, or one that is not served in this location. */
export function findModel({ project, location, model }: ModelPath): Model {
  const served = Object.hasOwn(servedModels, model) ? servedModels[model] : undefined;
  const isThere = served?.locations?.includes(location) ?? location !== 'global';
  if (served === undefined || !isThere) {
    throw new ApiError(
      404,
      `Publisher Model \`projects/${project}/locations/${location}/publishers/google/models/${model}\` was not found or your project does not have access to it. Please ensure you are using a valid model version.`,
    );
  }
  return {
    id: model,
    protocols: served.protocols,
    takesNegativePrompt: served.negativePrompt ?? true,
    maxSamples: served.maxSamples ?? 4,
    upscaleFactors: served.upscaleFactors ?? [],
    imageSizes: served.imageSizes ?? (served.protocols.includes('gemini') ? ['1K', '2K', '4K'] : ['1K']),
    hasExtremeRatios: served.extremeRatios ?? false,
  };
}
