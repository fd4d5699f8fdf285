import type { Behaviour } from './behaviour.ts';
import type { ImageFacts, ReadObject } from './read-image.ts';
import type { Removal } from './removal.ts';

/** What every protocol works with. */
export interface Tools {
  readonly removal: Removal;
  readonly readObject: ReadObject;
  readonly writeObject: (uri: string, bytes: Uint8Array, mimeType: string) => Promise<void>;
  /** Scales every answer: 1 is what the models give, less is for tests. */
  readonly scale: number;
}

/** A request that was found good, not yet answered. */
export interface Work {
  /** For the call log: sizes, never contents. */
  readonly images: readonly ImageFacts[];
  readonly samples: number;
  /** The JSON of the reply. */
  readonly run: (behaviour: Behaviour, signal: AbortSignal) => Promise<unknown>;
}
