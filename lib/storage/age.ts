import type { ObjectInfo } from './store.ts';

/**
 * Milliseconds from the object's last write to the answer that told of it, by the server's clock; never
 * below 0: HTTP `Date` has whole seconds, so an answer may seem older than a write of the same second.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-date-time-formats
 */
export const sinceUpdateMs = ({
  serverTimeMs,
  updated,
}: Pick<ObjectInfo, 'serverTimeMs' | 'updated'>): number => Math.max(0, serverTimeMs - Date.parse(updated));
