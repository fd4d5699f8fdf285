import type { IncomingMessage } from 'node:http';
import type { Catalog } from './catalog.ts';
import { type SentResource, sentResource } from './draft.ts';
import { boundaryOf, readMultipart } from './multipart.ts';
import { requireObjectName } from './object-paths.ts';
import { checkPreconditions, preconditionsOf } from './preconditions.ts';
import { bodyOf, parseJson } from './reply.ts';
import type { StorageRequest } from './request.ts';
import { invalid } from './service-error.ts';
import type { StagedFile, StagingWriter } from './staging.ts';
import type { StoredObject } from './stored-object.ts';

const DEFAULT_CONTENT_TYPE = 'application/octet-stream';

/** `uploadType=media` and `multipart`: the whole object in one request. */
export async function uploadAtOnce(catalog: Catalog, request: StorageRequest): Promise<StoredObject> {
  catalog.bucket(request.bucket);
  const { message, query } = request;
  const writer = catalog.staging.open();
  try {
    let resource: SentResource = { settings: {}, metadata: {} };
    let contentType = message.headers['content-type'];
    if (query.get('uploadType') === 'multipart') {
      const head = await readMultipart(bodyOf(message), boundaryOf(contentType), writer.append);
      resource = sentResource(parseJson(head.resource));
      contentType = head.contentType;
    } else {
      for await (const chunk of bodyOf(message)) writer.append(chunk);
    }
    return commitUpload(
      catalog,
      { request, resource, contentType, hashHeader: hashHeaderOf(message) },
      writer,
    );
  } catch (error) {
    writer.discard();
    throw error;
  }
}

export const hashHeaderOf = (message: IncomingMessage): string =>
  String(message.headers['x-goog-hash'] ?? '');

export interface UploadFacts {
  /** The request that began the upload: it carries name and preconditions. */
  readonly request: StorageRequest;
  readonly resource: SentResource;
  readonly contentType: string | undefined;
  /** `crc32c=...,md5=...` as sent with the last byte. */
  readonly hashHeader: string;
}

export function uploadName({ request, resource }: Pick<UploadFacts, 'request' | 'resource'>): string {
  const name = request.query.get('name') ?? resource.name ?? request.name;
  if (name === '') throw invalid('Required parameter: name');
  return requireObjectName(name);
}

/** Every byte is here: verify, check the preconditions, and put it in place without giving way to others. */
export function commitUpload(catalog: Catalog, facts: UploadFacts, writer: StagingWriter): StoredObject {
  const { request, resource } = facts;
  const name = uploadName(facts);
  const preconditions = preconditionsOf(request.query);
  const staged = writer.finish();
  verifyHashes(staged, resource, facts.hashHeader);
  const contentType = resource.settings.contentType ?? facts.contentType ?? DEFAULT_CONTENT_TYPE;
  const draft = { settings: { ...resource.settings, contentType }, metadata: resource.metadata };
  return catalog
    .bucket(request.bucket)
    .put(name, staged, draft, (current) => checkPreconditions(current, preconditions, 'write'));
}

function verifyHashes(staged: StagedFile, resource: SentResource, hashHeader: string): void {
  const crc32cHeader = /\bcrc32c=([^,\s]+)/.exec(hashHeader)?.[1];
  const md5Header = /\bmd5=([^,\s]+)/.exec(hashHeader)?.[1];
  for (const claimed of [resource.crc32c, crc32cHeader]) {
    if (claimed !== undefined && claimed !== staged.crc32c) {
      throw invalid(`Provided CRC32C "${claimed}" doesn't match calculated CRC32C "${staged.crc32c}".`);
    }
  }
  for (const claimed of [resource.md5Hash, md5Header]) {
    if (claimed !== undefined && claimed !== staged.md5Hash) {
      throw invalid(`Provided MD5 hash "${claimed}" doesn't match calculated MD5 hash "${staged.md5Hash}".`);
    }
  }
}
