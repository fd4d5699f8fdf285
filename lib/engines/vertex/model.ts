import { EditError } from '../../errors.ts';
import type { ModelOptions } from '../entry.ts';
import type { ModelApi, ModelEntry } from '../model-entry.ts';
import { modelEntry } from '../models.ts';
import { tolerantPost } from './tolerant-post.ts';
import { type VertexPost, vertexPost } from './vertex.ts';

/** Where endpoints, and models nobody has described, are looked for. */
const defaultRegion = 'us-central1';
/** The path needs a project, also where a local server needs none. */
const localProject = 'local';

interface ModelUse {
  /** The protocol the caller speaks. */
  readonly api: ModelApi;
  /** Used when no model is named. */
  readonly defaultModel: string;
  /** Where a model is served that nobody has described. */
  readonly location?: string;
  /** For one call; as `Patience` has it when left out. */
  readonly deadlineMs?: number | undefined;
}

/** A model and the way to call it. */
export interface Model {
  readonly post: VertexPost;
  /** The id as it stands in the URL, e.g. `imagen-3.0-capability-001`. */
  readonly model: string;
  /** `undefined` for ids that nobody has described. */
  readonly entry: ModelEntry | undefined;
  /** Where it is asked. */
  readonly location: string;
}

/**
 * The model of the settings. An id that is not in the table is taken at its word: it speaks the API it is
 * used for.
 *
 * @throws {EditError} `CONFIG_INVALID` for a model of another API, or without a project.
 */
export function modelFor(
  options: ModelOptions,
  { api, defaultModel, location, deadlineMs }: ModelUse,
): Model {
  const model = options.model ?? defaultModel;
  const entry = modelEntry(model, options.settings.models);
  if (entry !== undefined && !entry.apis.includes(api)) {
    throw new EditError(
      'CONFIG_INVALID',
      `Expected a model of the ${api} API, got ${model} (${entry.apis.join(', ')})`,
    );
  }
  const servedIn = entry === undefined ? (location ?? defaultRegion) : entry.location;
  const tuning = { ...options.tuning, deadlineMs: options.tuning.deadlineMs ?? deadlineMs };
  return {
    ...{ model, entry, location: options.settings.location ?? servedIn ?? defaultRegion },
    post: postFor({ ...options, tuning }, servedIn),
  };
}

/**
 * The authenticated POST to models in `LOCATION`, or where they are served.
 *
 * @throws {EditError} `CONFIG_INVALID` when the project is missing, or for `global` where Imagen is not.
 */
export function postFor({ settings, tuning }: ModelOptions, servedIn?: string): VertexPost {
  const { modelBaseUrl: baseUrl } = settings;
  const isLocal = baseUrl?.startsWith('http://') ?? false;
  const project = settings.project ?? (isLocal ? localProject : undefined);
  if (project === undefined) {
    throw new EditError('CONFIG_INVALID', 'Expected GOOGLE_CLOUD_PROJECT for the model API, got none');
  }
  const location = settings.location ?? servedIn ?? defaultRegion;
  if (location === 'global' && servedIn === defaultRegion) {
    throw new EditError(
      'CONFIG_INVALID',
      `Expected LOCATION to be a region such as ${defaultRegion}, got global, where Imagen is not served`,
    );
  }
  const { refusedFields = new Map() } = tuning;
  return tolerantPost(vertexPost({ ...tuning, project, location, baseUrl }), refusedFields);
}
