import type { Config } from './config.ts';
import type { Edit } from './edit.ts';
import type { InpaintEngine } from './engines/engine.ts';
import type { Log } from './log.ts';

/** What the functions are made of, each part built when it is first needed: a cold start pays only for its own. */
export interface Wiring {
  readonly config: Config;
  readonly log: Log;
  readonly engine: () => Promise<InpaintEngine>;
  readonly edit: () => Promise<Edit>;
}

/** The composition root: configuration -> clients -> engine -> edit. */
export function wire(config: Config, log: Log): Wiring {
  const engine = once(() => engineOf(config));
  const edit = once(async () => editWith(config, await engine()));
  return { config, log, engine, edit };
}

async function engineOf(_config: Config): Promise<InpaintEngine> {
  const [{ patchmatchEngine }, { engineCodec }] = await Promise.all([
    import('./engines/patchmatch.ts'),
    import('./image/codec/engine-codec.ts'),
  ]);
  return patchmatchEngine({ codec: engineCodec });
}

async function editWith(config: Config, engine: InpaintEngine): Promise<Edit> {
  const { editor } = await import('./edit.ts');
  const { limits, featherPx, dilationPx, modelDilation, maxRegions } = config;
  return editor({ engine, limits, defaults: { featherPx, dilationPx, modelDilation, maxRegions } });
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
