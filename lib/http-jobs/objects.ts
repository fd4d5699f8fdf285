import { randomUUID } from 'node:crypto';
import { EditError } from '../errors.ts';
import type { ObjectInfo, ObjectStore } from '../storage/store.ts';
import { safeName } from './names.ts';

interface Buckets {
  readonly input: string;
  readonly output: string;
}

/** Objects that a caller of a function may name, and write. */
export interface CallersObjects {
  /** What `gs://bucket/name` holds now. @throws {EditError} `URI_NOT_ALLOWED`. */
  readonly stat: (uri: string, signal: AbortSignal) => Promise<ObjectInfo>;
  /** Its bytes, of one generation. @throws {EditError} `URI_NOT_ALLOWED`, `IMAGE_TOO_LARGE`. */
  readonly read: (uri: string, signal: AbortSignal) => Promise<NamedBytes>;
  /**
   * A folder of its own in the output bucket, below `gs://output/prefix` where one is named.
   * @throws {EditError} `URI_NOT_ALLOWED`.
   */
  readonly folder: (uri: string | undefined) => string;
  /** Writes a result into such a folder, and returns its address. */
  readonly keep: (output: KeptOutput, folder: string, signal: AbortSignal) => Promise<string>;
}

interface NamedBytes {
  readonly bytes: Uint8Array;
  readonly fileName: string;
}

interface KeptOutput extends NamedBytes {
  readonly mediaType: string;
}

interface ObjectsOptions {
  readonly store: ObjectStore;
  readonly buckets: Buckets;
  readonly maxImageBytes: number;
}

const uriPattern = /^gs:\/\/([^/]+)\/?(.*)$/s;

export function callersObjects({ store, buckets, maxImageBytes }: ObjectsOptions): CallersObjects {
  const stat: CallersObjects['stat'] = async (uri, signal) => {
    const [, bucket = '', name = ''] = uriPattern.exec(uri) ?? [];
    const isKnown = bucket === buckets.input || bucket === buckets.output;
    const info = isKnown && name !== '' ? await store.stat({ bucket, name }, signal) : undefined;
    if (info === undefined) throw notAllowed();
    return info;
  };
  return {
    stat,
    async read(uri, signal) {
      const info = await stat(uri, signal);
      const bytes = await store.read(info, { maxBytes: maxImageBytes, signal });
      if (bytes === undefined) throw notAllowed();
      return { bytes, fileName: info.name };
    },
    folder(uri) {
      if (uri === undefined) return httpFolder();
      const [, bucket, prefix = ''] = uriPattern.exec(uri) ?? [];
      if (bucket !== buckets.output) throw notAllowed();
      return `${prefix.replace(/\/*$/, prefix === '' ? '' : '/')}${randomUUID()}/`;
    },
    async keep({ bytes, fileName, mediaType }, folder, signal) {
      const id = { bucket: buckets.output, name: `${folder}${safeName(fileName)}` };
      const { info } = await store.create(id, bytes, { contentType: mediaType, signal });
      return `gs://${info.bucket}/${info.name}`;
    },
  };
}

/** The same whether the object exists or not: nobody learns names that are not theirs. */
const notAllowed = () =>
  new EditError('URI_NOT_ALLOWED', 'Expected an object of the input or the output bucket, got another');

/** A folder of its own for what comes over HTTP. */
export const httpFolder = (key: string = randomUUID(), day = new Date()): string =>
  `http/${day.toISOString().slice(0, 10)}/${key}/`;
