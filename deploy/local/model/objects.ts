import { ApiError } from './api-error.ts';
import type { Tools } from './work.ts';

function split(uri: string): { readonly bucket: string; readonly name: string } {
  const [bucket = '', ...rest] = uri.slice('gs://'.length).split('/');
  return { bucket: encodeURIComponent(bucket), name: encodeURIComponent(rest.join('/')) };
}

/**
 * `gs://` pictures through the JSON API of a storage server, such as the emulator beside this one.
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
