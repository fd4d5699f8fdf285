import { join } from 'node:path';
import { type Bucket, patchObject, putObject, removeObject, requireLive } from './bucket.ts';
import type { Catalog } from './catalog.ts';
import { downloadReply } from './download.ts';
import { listObjects } from './listing.ts';
import { mergedDraft, objectResource, type StoredObject } from './object.ts';
import { requireObjectName } from './object-paths.ts';
import { checkPreconditions, preconditionsOf } from './preconditions.ts';
import { type Reply, readJson } from './reply.ts';
import type { Operation, StorageRequest } from './request.ts';
import { cancelUpload, resumeUpload, startUpload, type UploadSessions } from './resumable.ts';
import { conditionNotMet, ServiceError } from './service-error.ts';
import { uploadAtOnce } from './uploads.ts';

export type Operations = Readonly<Record<Operation, (request: StorageRequest) => Reply | Promise<Reply>>>;

const ok = (json: unknown): Reply => ({ status: 200, json });
const show = (object: StoredObject, { baseUrl }: StorageRequest): Reply =>
  ok(objectResource(object, baseUrl));

/** The operations of the JSON API on a catalog. Nothing is awaited between a check and its effect. */
export function storageOperations(catalog: Catalog): Operations {
  const sessions: UploadSessions = new Map();
  const bucketOf = (request: StorageRequest): Bucket => catalog.bucket(request.bucket);
  return {
    stat: (request) => show(target(catalog, request, 'read'), request),
    read: (request) => {
      const object = target(catalog, request, 'read');
      return downloadReply(bucketOf(request), object, request.message.headers.range);
    },
    list: (request) => listReply(bucketOf(request), request),
    create: async (request) => {
      if (request.query.get('uploadType') === 'resumable') return startUpload(sessions, catalog, request);
      return show(await uploadAtOnce(catalog, request), request);
    },
    chunk: async (request) => {
      const outcome = await resumeUpload(sessions, catalog, request);
      return 'generation' in outcome ? show(outcome, request) : outcome;
    },
    cancel: (request) => cancelUpload(sessions, request),
    patch: async (request) => {
      const sent = await readJson(request.message);
      const object = target(catalog, request, 'write');
      return show(patchObject(bucketOf(request), object, mergedDraft(sent, object)), request);
    },
    delete: (request) => {
      removeObject(bucketOf(request), target(catalog, request, 'write'));
      return { status: 204 };
    },
    rewrite: async (request) => rewriteReply(await copyObject(catalog, request), request),
    bucket: (request) => bucketReply(catalog, request),
  };
}

/**
 * The live object that a request names, of the generation it names, with its preconditions met; or 404, 412,
 * 304.
 */
function target(catalog: Catalog, request: StorageRequest, access: 'read' | 'write'): StoredObject {
  const { bucket, name, query } = request;
  const object = requireLive(catalog.bucket(bucket), name, query.get('generation'));
  checkPreconditions(object, preconditionsOf(query), access);
  return object;
}

function listReply(bucket: Bucket, { query, baseUrl }: StorageRequest): Reply {
  const { objects, prefixes, nextPageToken } = listObjects(bucket, query);
  const items = objects.map((object) => objectResource(object, baseUrl));
  return ok({
    kind: 'storage#objects',
    ...(items.length > 0 ? { items } : {}),
    ...(prefixes.length > 0 ? { prefixes } : {}),
    ...(nextPageToken === undefined ? {} : { nextPageToken }),
  });
}

async function copyObject(catalog: Catalog, request: StorageRequest): Promise<StoredObject> {
  const { query, destination = request } = request;
  const sent = await readJson(request.message);
  const sourceBucket = catalog.bucket(request.bucket);
  const targetBucket = catalog.bucket(destination.bucket);
  const name = requireObjectName(destination.name);
  const source = requireLive(sourceBucket, request.name, query.get('sourceGeneration'));
  checkPreconditions(source, preconditionsOf(query, 'source'), 'write');
  const wanted = preconditionsOf(query);
  const staged = catalog.staging.copy(source, join(sourceBucket.folder, source.path));
  // A resource in the body replaces the source's metadata; without one it is copied along.
  const hasResource = Object.keys(sent as object).length > 0;
  const { settings, metadata } = source;
  const draft = hasResource ? mergedDraft(sent, { settings, metadata: {} }) : { settings, metadata };
  try {
    return putObject(targetBucket, name, { staged, draft }, (current) =>
      checkPreconditions(current, wanted, 'write'),
    );
  } catch (error) {
    catalog.staging.discard(staged);
    throw error;
  }
}

function rewriteReply(object: StoredObject, { baseUrl }: StorageRequest): Reply {
  const size = String(object.sizeBytes);
  return ok({
    kind: 'storage#rewriteResponse',
    totalBytesRewritten: size,
    objectSize: size,
    done: true,
    resource: objectResource(object, baseUrl),
  });
}

function bucketReply(catalog: Catalog, request: StorageRequest): Reply {
  const { method, bucket } = request;
  if (method !== 'GET') throw new ServiceError(405, 'methodNotAllowed', 'Expected GET on a bucket');
  const resourceOf = (one: Bucket) => bucketResource(one, request.baseUrl);
  if (bucket === '') {
    return ok({ kind: 'storage#buckets', items: Array.from(catalog.buckets(), resourceOf) });
  }
  const wanted = request.query.get('ifMetagenerationMatch');
  if (wanted !== null && wanted !== '1') throw conditionNotMet();
  return ok(resourceOf(catalog.bucket(bucket)));
}

const bucketResource = ({ name }: Bucket, baseUrl: string): unknown => ({
  kind: 'storage#bucket',
  id: name,
  name,
  selfLink: `${baseUrl}/storage/v1/b/${name}`,
  projectNumber: '0',
  location: 'LOCAL',
  locationType: 'region',
  storageClass: 'STANDARD',
  metageneration: '1',
  etag: 'CAE=',
});
