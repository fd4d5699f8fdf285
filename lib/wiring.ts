import type { Config } from './config.ts';
import type { Edit } from './edit.ts';
import type { InpaintEngine } from './engines/engine.ts';
import type { chooseEngine, EngineChoice } from './engines/engine-for.ts';
import { estimateUsd, modelEntry } from './engines/models.ts';
import { EditError } from './errors.ts';
import type { Generate } from './generate.ts';
import type { Log } from './log.ts';
import type { ObjectId } from './storage/store.ts';
import type { Upscale } from './upscale.ts';

/** What the functions are made of, each part built when it is first needed: a cold start pays only for its own. */
export interface Wiring {
  readonly config: Config;
  readonly log: Log;
  readonly edit: () => Promise<Edit>;
  readonly generate: () => Promise<Generate>;
  readonly upscale: () => Promise<Upscale>;
  /** Sees every job of an uploaded object through, or throws for another delivery. */
  readonly uploads: () => Promise<UploadHandler>;
}

export type UploadHandler = (upload: ObjectId, signal?: AbortSignal) => Promise<void>;

/** The composition root: configuration -> clients -> engine -> edit -> jobs. */
export function wire(config: Config, log: Log): Wiring {
  const engine = once(() => makeEngine(config, config));
  const editWith = once(() => makeEditWith(config));
  return {
    config,
    log,
    edit: once(async () => makeEdit(config, await editWith())),
    generate: once(() => makeGenerate(config)),
    upscale: once(() => makeUpscale(config)),
    uploads: once(async () =>
      makeUploadHandler({ config, log, engine: await engine(), editWith: await editWith() }),
    ),
  };
}

type ChooseEngine = typeof chooseEngine;
type EditWith = (engine: InpaintEngine) => Edit;

/** The engine for one choice; engines are cheap, their clients are made at the first call. */
async function makeEngine(config: Config, { engine, model }: EngineChoice): Promise<InpaintEngine> {
  const { engineCodec: codec } = await import('./image/codec/engine-codec.ts');
  if (engine === 'patchmatch') {
    const { patchmatchEngine } = await import('./engines/patchmatch.ts');
    return patchmatchEngine({ codec });
  }
  const { modelEngineFor } = await import('./engines/engine-for.ts');
  return modelEngineFor({ engine, model }, config, { codec });
}

/** An edit by the configured engine, or by the one a request names from the allow-list. */
async function makeEdit(config: Config, editWith: EditWith): Promise<Edit> {
  const { chooseEngine } = await import('./engines/engine-for.ts');
  // A model that is configured wrong is found before the first request.
  await makeEngine(config, config);
  return async (input, signal) => {
    const choice = chooseEngine(input.request, config, config.allowedModels);
    return editWith(await makeEngine(config, choice))(input, signal);
  };
}

/** The engines that make whole pictures, by the configured engine. */
const pictureEngines = { imagen: 'imagen', imagen2: 'imagen', gemini: 'gemini' } as const;

/** Text to image and upscaling have models of their own: `MODEL` names that of edits, unless both are one. */
function pictureChoice(chooseEngine: ChooseEngine, config: Config, asked: Parameters<ChooseEngine>[0]) {
  const model = config.engine === 'gemini' ? config.model : undefined;
  const choice = chooseEngine(asked, { engine: config.engine, model }, config.allowedModels);
  if (!(choice.engine in pictureEngines)) {
    throw new EditError(
      'ENGINE_UNSUPPORTED',
      `Expected ENGINE imagen or gemini to make pictures, got ${choice.engine}`,
    );
  }
  return { engine: pictureEngines[choice.engine as keyof typeof pictureEngines], model: choice.model };
}

async function makeGenerate(config: Config): Promise<Generate> {
  const { chooseEngine, generatorFor } = await import('./engines/engine-for.ts');
  const { generateWith } = await import('./generate.ts');
  return generateWith({
    generatorFor: (asked) => generatorFor(pictureChoice(chooseEngine, config, asked), config),
    allowedBuckets: bucketNames(config),
  });
}

async function makeUpscale(config: Config): Promise<Upscale> {
  const { chooseEngine, upscalerFor } = await import('./engines/engine-for.ts');
  const { upscaleWith } = await import('./upscale.ts');
  return upscaleWith({
    upscalerFor: (asked) => upscalerFor(pictureChoice(chooseEngine, config, asked), config),
    allowedBuckets: bucketNames(config),
  });
}

/** Buckets whose objects a caller may name: never the control bucket. */
function bucketNames({ buckets }: Config): string[] {
  return buckets === undefined ? [] : [buckets.input, buckets.output];
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
    estimateCostUsd: (calls) =>
      estimateUsd(modelEntry(engine.name.split(':')[1] ?? '', config.models), '1K', calls),
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
