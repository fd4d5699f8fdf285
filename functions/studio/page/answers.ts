/**
 * What the page reads of the answers of `jobs`, `plan` and `capabilities`; addresses are relative to the
 * page.
 */

export interface Problem {
  /** Only problems of the service have one. */
  readonly type?: string;
  readonly code: string;
  readonly detail: string;
  readonly remedy?: string;
  readonly trace?: string;
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
  readonly retryAfterMs?: number;
}

export interface JobOutput {
  readonly index: number;
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly uri: string;
  readonly href: string;
  readonly cost: number | null;
  readonly seam: number | null;
  readonly driftPx: number | null;
  readonly previewHref: string;
  readonly proof: {
    readonly outside: string;
    readonly comparedPixels?: number;
    readonly differingPixels?: number;
  } | null;
}

export interface Job {
  readonly id: string;
  readonly state: 'pending' | 'running' | 'waiting' | 'succeeded' | 'failed' | 'cancelled';
  readonly createdAt: string;
  readonly image: { readonly name: string };
  readonly progress: {
    readonly stage: string;
    readonly region?: { readonly index: number; readonly of: number };
    readonly calls: { readonly made: number; readonly planned: number };
    readonly fraction: number;
  } | null;
  readonly outputs: readonly JobOutput[];
  /** The mask that was found or grown. */
  readonly mask?: { readonly href: string } | null;
  readonly warnings: readonly string[];
  readonly problem: Problem | null;
  readonly links: { readonly self: string; readonly cancel?: string; readonly manifest?: string };
}

export interface FieldSchema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly default?: unknown;
  readonly description?: string;
}

export interface EngineFacts {
  readonly name: string;
  readonly model: string | null;
  readonly modes: readonly string[];
  /** Names of the finders that are asked beside it. */
  readonly finders?: readonly string[];
  readonly options: Readonly<Record<string, { readonly insertionOnly?: boolean; readonly note?: string }>>;
}

export interface Capabilities {
  readonly engine: string;
  readonly model?: string | null;
  readonly engines: readonly EngineFacts[];
  /** What finds masks; left out by a service that finds none as a job. */
  readonly finders?: readonly {
    readonly name: string;
    readonly modes: readonly string[];
    readonly classes: readonly string[];
  }[];
  readonly fields: { readonly properties: Readonly<Record<string, FieldSchema>> };
  readonly limits: { readonly maxImageBytes: number; readonly maxImagePixels: number };
  readonly formats: readonly { readonly name: string; readonly mediaType: string }[];
}

export interface Plan {
  readonly regions: readonly unknown[];
  readonly calls?: { readonly max: number };
  readonly costEstimateUsd: { readonly min: number; readonly max: number } | null;
  readonly warnings: readonly string[];
}

export type Fields = Readonly<Record<string, string>>;
