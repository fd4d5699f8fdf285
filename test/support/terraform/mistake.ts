import type { Block, Folder, Rule } from './configuration.ts';

/** Everything that can be changed in a copy: the folder itself, and the module of a function. */
export interface Parts {
  readonly resource: Folder['resource'];
  readonly local: Block;
  readonly module: Folder['module'];
  readonly root: Folder;
  readonly function: Folder;
}

/** `at(block, 'lifecycle_rule', 0, 'condition', 0)` for writing. */
export function at(value: unknown, ...path: (string | number)[]): Block {
  return path.reduce((block, step) => (block as Block)[step] as Block, value as Block) as Block;
}

export const serviceConfig = (parts: Parts): Block =>
  at(parts.function.resource, 'google_cloudfunctions2_function', 'this', 'service_config', 0);
export const upload = (resource: Parts['resource']): Block =>
  at(resource, 'google_eventarc_trigger', 'upload');
export const queues = (resource: Parts['resource']): Block =>
  at(resource, 'google_cloud_tasks_queue', 'jobs');
export const bucket = (resource: Parts['resource'], purpose: string): Block =>
  at(resource, 'google_storage_bucket', purpose);

export type Mistake = readonly [rule: Rule, mistake: string, seed: (parts: Parts) => unknown, named: string];
