import { registerHooks } from 'node:module';

const root = new URL('../../', import.meta.url);

/** What has threads, sockets or a clock of its own: nothing of it can follow a seed. */
const replaced: ReadonlyMap<string, string> = new Map(
  [
    ['lib/storage/gcs.ts', 'gcs.ts'],
    ['lib/storage/gcs-transfers.ts', 'gcs-transfers.ts'],
    ['lib/edit.ts', 'edit.ts'],
    ['lib/formats/vips/engine-codec.ts', 'engine-codec.ts'],
    ['lib/formats/vips/answer.ts', 'answer.ts'],
  ].map(([real, standIn]) => [
    new URL(`${real}`, root).href,
    new URL(`test/simulation/stand-ins/${standIn}`, root).href,
  ]),
);

/** A mistake in the source of one file. */
export interface Mistake {
  readonly file: string;
  /** Occurs once. */
  readonly find: string;
  readonly put: string;
}

/** Lets every later import get the stand-ins, and the mistake instead of the line as it is. */
export function registerStandIns(mistake?: Mistake): void {
  const wrong = mistake && new URL(mistake.file, root).href;
  registerHooks({
    resolve(specifier, context, next) {
      const found = next(specifier, context);
      const url = replaced.get(found.url);
      return url === undefined ? found : { ...found, url };
    },
    load(url, context, next) {
      const loaded = next(url, context);
      if (mistake === undefined || url !== wrong) return loaded;
      const source = String(loaded.source);
      const parts = source.split(mistake.find);
      if (parts.length !== 2) {
        throw new Error(
          `Expected ${JSON.stringify(mistake.find)} once in ${mistake.file}, got ${parts.length - 1}`,
        );
      }
      return { ...loaded, source: parts.join(mistake.put) };
    },
  });
}
