import type { IncomingMessage } from 'node:http';
import { putObject } from './bucket.ts';
import type { Catalog } from './catalog.ts';
import { boundaryOf, readMultipart } from './multipart.ts';
import { type SentResource, type StoredObject, sentResource } from './object.ts';
import { requireObjectName } from './object-paths.ts';
import { checkPreconditions, preconditionsOf } from './preconditions.ts';
import { bodyOf, parseJson } from './reply.ts';
import type { StorageRequest } from './request.ts';
import { invalid } from './service-error.ts';
import type { StagedFile, StagingWriter } from './staging.ts';

const DEFAULT_CONTENT_TYPE = 'application/octet-stream';

/** Takes an object sent in one request: `uploadType=media` or `multipart`. */
export async function uploadAtOnce(catalog: Catalog, request: StorageRequest): Promise<StoredObject> {
  catalog.bucket(request.bucket);
  const writer = catalog.staging.open();
  try {
    const described = await receive(request, writer);
    return commitUpload(
      catalog,
      { request, ...described, hashHeader: hashHeaderOf(request.message) },
      writer,
    );
  } catch (error) {
    writer.discard();
    throw error;
  }
}

async function receive(
  { message, query }: StorageRequest,
  writer: StagingWriter,
): Promise<Pick<UploadFacts, 'resource' | 'contentType'>> {
  const contentType = message.headers['content-type'];
  if (query.get('uploadType') === 'multipart') {
    const head = await readMultipart(bodyOf(message), boundaryOf(contentType), writer.append);
    return { resource: sentResource(parseJson(head.resource)), contentType: head.contentType };
  }
  for await (const chunk of bodyOf(message)) writer.append(chunk);
  return { resource: sentResource({}), contentType };
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

/** @throws {ServiceError} 400 without a name, or with one the service does not allow. */
export function uploadName({ request, resource }: Pick<UploadFacts, 'request' | 'resource'>): string {
  const name = request.query.get('name') ?? resource.name ?? request.name;
  if (name === '') throw invalid('Required parameter: name');
  return requireObjectName(name);
}

/** Verifies a whole upload, checks its preconditions and puts it in place, all in one synchronous step. */
export function commitUpload(catalog: Catalog, facts: UploadFacts, writer: StagingWriter): StoredObject {
  const { request, resource } = facts;
  const name = uploadName(facts);
  const preconditions = preconditionsOf(request.query);
  const staged = writer.finish();
  verifyHashes(staged, resource, facts.hashHeader);
  const contentType = resource.settings.contentType ?? facts.contentType ?? DEFAULT_CONTENT_TYPE;
  const draft = { settings: { ...resource.settings, contentType }, metadata: resource.metadata };
  return putObject(catalog.bucket(request.bucket), name, { staged, draft }, (current) =>
    checkPreconditions(current, preconditions, 'write'),
  );
}

function verifyHashes(staged: StagedFile, resource: SentResource, hashHeader: string): void {
  const inHeader = (hash: string) => new RegExp(`\\b${hash}=([^,\\s]+)`).exec(hashHeader)?.[1];
  const verify = (label: string, actual: string, claims: readonly (string | undefined)[]): void => {
    const wrong = claims.find((claim) => claim !== undefined && claim !== actual);
    if (wrong !== undefined)
      throw invalid(`Provided ${label} "${wrong}" doesn't match calculated ${label} "${actual}".`);
  };
  verify('CRC32C', staged.crc32c, [resource.crc32c, inHeader('crc32c')]);
  verify('MD5 hash', staged.md5Hash, [resource.md5Hash, inHeader('md5')]);
}
