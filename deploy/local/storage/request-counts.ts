import type { Operation, StorageRequest } from './request.ts';

const KINDS: Readonly<Record<Operation, 'reads' | 'writes' | 'lists'>> = {
  stat: 'reads',
  read: 'reads',
  bucket: 'reads',
  list: 'lists',
  create: 'writes',
  chunk: 'writes',
  cancel: 'writes',
  patch: 'writes',
  update: 'writes',
  delete: 'writes',
  copy: 'writes',
  rewrite: 'writes',
};

export interface Counts {
  readonly reads: number;
  readonly writes: number;
  readonly lists: number;
}

export interface RequestCounts extends Counts {
  readonly total: number;
  readonly byOperation: Readonly<Partial<Record<Operation, number>>>;
  /** By `bucket/name`. */
  readonly byObject: Readonly<Record<string, Counts>>;
}

/** Counts API requests since the last reset, whether or not a fault then hit them. */
export interface RequestCounter {
  count(request: StorageRequest): void;
  snapshot(): RequestCounts;
  reset(): void;
}

export function requestCounter(): RequestCounter {
  const total = { reads: 0, writes: 0, lists: 0 };
  const byOperation: Partial<Record<Operation, number>> = {};
  const byObject = new Map<string, { reads: number; writes: number; lists: number }>();
  return {
    count: ({ operation, bucket, name, query }) => {
      const kind = KINDS[operation];
      total[kind]++;
      byOperation[operation] = (byOperation[operation] ?? 0) + 1;
      const object = name || query.get('name');
      if (!object) return;
      const key = `${bucket}/${object}`;
      const counts = byObject.get(key) ?? { reads: 0, writes: 0, lists: 0 };
      counts[kind]++;
      byObject.set(key, counts);
    },
    snapshot: () => ({
      ...total,
      total: total.reads + total.writes + total.lists,
      byOperation: { ...byOperation },
      byObject: structuredClone(Object.fromEntries(byObject)),
    }),
    reset: () => {
      Object.assign(total, { reads: 0, writes: 0, lists: 0 });
      for (const operation of Object.keys(byOperation)) delete byOperation[operation as Operation];
      byObject.clear();
    },
  };
}
