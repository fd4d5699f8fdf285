import { ApiError } from './api-error.ts';
import type { addDrift } from './drift.ts';
import type { ImageFacts, ReadObject } from './images.ts';
import type { Removal } from './painting.ts';

/** What every protocol works with. */
export interface Tools {
  readonly removal: Removal;
  readonly readObject: ReadObject;
  readonly writeObject: (uri: string, bytes: Uint8Array, mimeType: string) => Promise<void>;
  /** Scales every answer: 1 is what the models give, less is for tests. */
  readonly scale: number;
}

/** How one call is answered. */
export interface Answering {
  /** Aborts when the client goes away. */
  readonly gone: AbortSignal;
  /** Tests may leave out the changes that models make outside the mask. */
  readonly drift: typeof addDrift;
}

/** A request that was found good, not yet answered. */
export interface Work {
  /** Sizes of the images that were sent, never their contents. */
  readonly images: readonly ImageFacts[];
  readonly samples: number;
  /** The JSON of the reply. */
  readonly run: (answering: Answering) => Promise<unknown>;
}

/**
 * Reads and writes `gs://` pictures through the JSON API of a storage server, such as the storage emulator.
 *
 * @param baseUrl without it every `gs://` picture is refused.
 */
export function objectsOf(baseUrl: string | undefined): Pick<Tools, 'readObject' | 'writeObject'> {
  const origin = () => {
    if (baseUrl === undefined) {
      throw new ApiError(400, 'Expected bytes: this emulator was started without a storage server');
    }
    return baseUrl.replace(/\/+$/, '');
  };
  return {
    readObject: async (uri) => {
      const { bucket, name } = split(uri);
      const response = await fetch(`${origin()}/storage/v1/b/${bucket}/o/${name}?alt=media`);
      if (response.ok) return new Uint8Array(await response.arrayBuffer());
      await response.body?.cancel();
      throw new ApiError(400, `Failed to read the image from Cloud Storage: ${response.status}`);
    },
    writeObject: async (uri, bytes, mimeType) => {
      const { bucket, name } = split(uri);
      const url = `${origin()}/upload/storage/v1/b/${bucket}/o?uploadType=media&name=${name}`;
      const headers = { 'content-type': mimeType };
      const response = await fetch(url, { method: 'POST', headers, body: Uint8Array.from(bytes) });
      await response.body?.cancel();
      if (!response.ok) {
        throw new ApiError(400, `Failed to write the image to Cloud Storage: ${response.status}`);
      }
    },
  };
}

function split(uri: string): { readonly bucket: string; readonly name: string } {
  const [bucket = '', ...rest] = uri.slice('gs://'.length).split('/');
  return { bucket: encodeURIComponent(bucket), name: encodeURIComponent(rest.join('/')) };
}
