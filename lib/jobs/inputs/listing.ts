import type { ObjectInfo, ObjectStore } from '../../storage/store.ts';

/** Every object whose name begins so, in name order. */
export async function listAll(
  store: ObjectStore,
  bucket: string,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<ObjectInfo[]> {
  const infos: ObjectInfo[] = [];
  for await (const info of store.list(bucket, { prefix }, signal)) infos.push(info);
  return infos;
}
