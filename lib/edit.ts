import type { EncodedImage } from './engines/engine.ts';
import type { EditRequest } from './request.ts';

/** What an edit starts from: the files as they were uploaded. */
export interface EditInput {
  readonly image: Uint8Array;
  /** `undefined` only when the request asks for an automatic mask. */
  readonly mask: Uint8Array | undefined;
  readonly request: EditRequest;
}

export interface EditOutput extends EncodedImage {
  /** Without the dot, for the name of the output object. */
  readonly extension: 'jpg' | 'png' | 'webp' | 'tiff' | 'avif';
}

/** What the manifest says of an edit: plain JSON, no prompts, no bytes. */
export interface EditReport {
  readonly engine: string;
  readonly modelCalls: number;
  readonly warnings: readonly string[];
  readonly timingsMs: Readonly<Record<string, number>>;
  readonly [fact: string]: unknown;
}

export interface EditResult {
  /** Best first; at least one. */
  readonly outputs: readonly EditOutput[];
  readonly report: EditReport;
}

/** The whole edit with its engine, limits and defaults bound in; jobs and HTTP handlers know only this. */
export type Edit = (input: EditInput, signal: AbortSignal) => Promise<EditResult>;
