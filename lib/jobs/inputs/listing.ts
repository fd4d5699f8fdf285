import type { ObjectId, ObjectInfo, ObjectStore } from '../../storage/store.ts';
import { formsOf, isBefore, memberPrefixes, readObject, sameText, stemsOf } from './names.ts';

/** Most stems fit into one page; of a crowded folder little is listed that belongs to other stems. */
const pageSize = 50;

/**
 * The objects that belong to a stem, in every form its name may have: one short listing, a second one where
 * many names begin with the stem, and as many again where Unicode has another form of it.
 *
 * @param id its name is that of the stem with its folder.
 */
export async function listStem(
  store: ObjectStore,
  { bucket, name }: ObjectId,
  signal: AbortSignal | undefined,
): Promise<readonly ObjectInfo[]> {
  const found: ObjectInfo[] = [];
  for (const form of formsOf(name)) {
    for await (const info of scan(store, { bucket, name: form }, signal)) {
      const read = readObject(info);
      if (read !== undefined && stemsOf(read).includes(sameText(name))) found.push(info);
    }
  }
  return found;
}

/** Lists page by page, and skips what lies between the names that are wanted. */
async function* scan(
  store: ObjectStore,
  { bucket, name: stem }: ObjectId,
  signal: AbortSignal | undefined,
): AsyncGenerator<ObjectInfo> {
  const wanted = memberPrefixes(stem);
  let from: string | undefined = stem;
  let last = '';
  while (from !== undefined) {
    let listed = 0;
    for await (const info of store.list(bucket, { prefix: stem, startOffset: from, pageSize }, signal)) {
      // A page begins with the object that the one before ended with.
      if (info.name !== last) yield info;
      last = info.name;
      if (++listed === pageSize) break;
    }
    from = listed < pageSize ? undefined : nextWanted(last, wanted);
  }
}

function nextWanted(last: string, wanted: readonly string[]): string | undefined {
  if (wanted.some((prefix) => last.startsWith(prefix))) return last;
  return wanted.find((prefix) => isBefore(last, prefix));
}
