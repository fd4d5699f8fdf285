/** One photo for an edit, wherever it is made. */
export interface Order {
  readonly image: Uint8Array;
  readonly imageName: string;
  readonly mask: Uint8Array | undefined;
  /** White where nothing is copied from. */
  readonly keep: Uint8Array | undefined;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface Edited {
  /** The best first. */
  readonly outputs: readonly { readonly bytes: Uint8Array; readonly extension: string }[];
  readonly engine: string;
  readonly warnings: readonly string[];
  readonly proof: unknown;
  readonly costEstimateUsd: number | null;
  /** The whole report. */
  readonly manifest: unknown;
}

/** Told of each stage: its name, and how far the photo is, 0..1, where that is known. */
export type OnStage = (stage: string, fraction?: number) => void;

/** Makes edits, here or on a server. */
export interface Editing {
  readonly edit: (order: Order, onStage: OnStage, signal: AbortSignal) => Promise<Edited>;
  /** What the edit would do. */
  readonly plan: (order: Order, signal: AbortSignal) => Promise<unknown>;
}
