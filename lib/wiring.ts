import type { Config } from './config.ts';
import type { Edit } from './edit.ts';
import type { InpaintEngine } from './engines/engine.ts';
import { EditError } from './errors.ts';
import type { Log } from './log.ts';
import type { ObjectId } from './storage/store.ts';

/** What the functions are made of, each part built when it is first needed: a cold start pays only for its own. */
export interface Wiring {
  readonly config: Config;
  readonly log: Log;
  readonly edit: () => Promise<Edit>;
  /** Sees every job of an uploaded object through, or throws for another delivery. */
  readonly uploads: () => Promise<UploadHandler>;
}

export type UploadHandler = (upload: ObjectId, signal?: AbortSignal) => Promise<void>;

/** The composition root: configuration -> clients -> engine -> edit -> jobs. */
export function wire(config: Config, log: Log): Wiring {
  const engine = once(() => makeEngine());
  const editWith = once(() => makeEditWith(config));
  return {
    config,
    log,
    edit: once(async () => (await editWith())(await engine())),
    uploads: once(async () =>
      makeUploadHandler({ config, log, engine: await engine(), editWith: await editWith() }),
    ),
  };
}

type EditWith = (engine: InpaintEngine) => Edit;

async function makeEngine(): Promise<InpaintEngine> {
  const [{ patchmatchEngine }, { engineCodec }] = await Promise.all([
    import('./engines/patchmatch.ts'),
    import('./image/codec/engine-codec.ts'),
  ]);
  return patchmatchEngine({ codec: engineCodec });
}

async function makeEditWith({ limits, ...config }: Config): Promise<EditWith> {
  const { editor } = await import('./edit.ts');
  const { featherPx, dilationPx, modelDilation, maxRegions } = config;
  return (engine) =>
    editor({ engine, limits, defaults: { featherPx, dilationPx, modelDilation, maxRegions } });
}

interface UploadParts {
  readonly config: Config;
  readonly log: Log;
  readonly engine: InpaintEngine;
  readonly editWith: EditWith;
}

async function makeUploadHandler({ config, log, engine, editWith }: UploadParts): Promise<UploadHandler> {
  const { buckets, limits, storageApiEndpoint: apiEndpoint, project: projectId } = config;
  if (buckets === undefined)
    throw new EditError('CONFIG_INVALID', 'Expected three buckets to be named, got none');
  const [{ cloudStorage }, { inlineDispatch }, { handleUpload }, { decodeAnswer }] = await Promise.all([
    import('./storage/gcs.ts'),
    import('./jobs/dispatch.ts'),
    import('./jobs/upload.ts'),
    import('./image/codec/answer.ts'),
  ]);
  const store = cloudStorage({ apiEndpoint, projectId });
  const dispatch = inlineDispatch({
    store,
    buckets,
    engine,
    editWith,
    maxImageBytes: limits.maxImageBytes,
    budget: config.budget,
    estimateCostUsd: () => undefined,
    log,
    async checkReply({ outcomes }: Awaited<ReturnType<InpaintEngine['inpaint']>>) {
      for (const outcome of outcomes) if (outcome.kind === 'image') await decodeAnswer(outcome.image.bytes);
    },
  });
  const plan = {
    engine: engine.name,
    requestDefaults: {},
    requestFile: 'optional',
    makesOwnMask: () => false,
  } as const;
  const options = { store, inputBucket: buckets.input, pairing: { folderMask: false }, plan, dispatch, log };
  return (upload, signal = new AbortController().signal) => handleUpload(upload, options, signal);
}

/** Runs `make` at most once; a failure is not remembered. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}
