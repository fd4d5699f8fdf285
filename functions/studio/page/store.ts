/**
 * What a reload shall not lose, in the browser's own database. Keys are names; values are cloned as they are.
 */
const storeName = 'kept';

let opened: Promise<IDBDatabase> | undefined;

function database(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open('studio', 1);
    request.onupgradeneeded = () => request.result.createObjectStore(storeName);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

async function within<Value>(
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => IDBRequest<Value>,
): Promise<Value> {
  const transaction = (await database()).transaction(storeName, mode);
  const request = work(transaction.objectStore(storeName));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = () => reject(transaction.error);
  });
}

export const readKept = (key: string): Promise<unknown> => within('readonly', (store) => store.get(key));
/** Rejects where the browser has no room. */
export const keep = (key: string, value: unknown): Promise<unknown> =>
  within('readwrite', (store) => store.put(value, key));
export const dropKept = (key: string): Promise<unknown> => within('readwrite', (store) => store.delete(key));
export const dropAll = (): Promise<unknown> => within('readwrite', (store) => store.clear());
