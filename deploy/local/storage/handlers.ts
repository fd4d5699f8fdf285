import { join } from 'node:path';
import type { Bucket } from './bucket.ts';
import type { Catalog } from './catalog.ts';
import { downloadReply } from './download.ts';
import { mergedDraft, sentResource } from './draft.ts';
import { listObjects } from './listing.ts';
import { requireObjectName } from './object-paths.ts';
import { checkPreconditions, preconditionsOf, requireObject } from './preconditions.ts';
import { type Reply, readJson } from './reply.ts';
import type { Operation, StorageRequest } from './request.ts';
import { resumableUploads } from './resumable.ts';
import { conditionNotMet, notFound, ServiceError } from './service-error.ts';
import { objectResource, type StoredObject } from './stored-object.ts';
import { uploadAtOnce } from './uploads.ts';

type Handler = (request: StorageRequest) => Reply | Promise<Reply>;

const ok = (json: unknown): Reply => ({ status: 200, json });

/** The operations of the JSON API on a catalog. Between a check and its effect nothing waits. */
export function storageHandlers(catalog: Catalog): Record<Operation, Handler> {
  const uploads = resumableUploads(catalog);
  const show = (object: StoredObject, request: StorageRequest): Reply =>
    ok(objectResource(object, request.baseUrl));
  const target = ({ bucket, name, query }: StorageRequest, access: 'read' | 'write'): StoredObject =>
    requireObject(catalog.bucket(bucket).get(name), `${bucket}/${name}`, query, access);

  return {
    stat: (request) => show(target(request, 'read'), request),
    read: (request) => {
      const object = target(request, 'read');
      return downloadReply(catalog.bucket(request.bucket), object, request.message.headers.range);
    },
    list: (request) => {
      const { objects, prefixes, nextPageToken } = listObjects(catalog.bucket(request.bucket), request.query);
      const items = objects.map((object) => objectResource(object, request.baseUrl));
      return ok({
        kind: 'storage#objects',
        ...(items.length > 0 ? { items } : {}),
        ...(prefixes.length > 0 ? { prefixes } : {}),
        ...(nextPageToken === undefined ? {} : { nextPageToken }),
      });
    },
    create: async (request) => {
      if (request.query.get('uploadType') === 'resumable') return uploads.start(request);
      return show(await uploadAtOnce(catalog, request), request);
    },
    chunk: async (request) => {
      const outcome = await uploads.resume(request);
      return 'generation' in outcome ? show(outcome, request) : outcome;
    },
    cancel: (request) => uploads.cancel(request),
    patch: async (request) => {
      const sent = await readJson(request.message);
      const object = target(request, 'write');
      return show(catalog.bucket(request.bucket).patch(object, mergedDraft(sent, object)), request);
    },
    update: async (request) => {
      const sent = sentResource(await readJson(request.message));
      const object = target(request, 'write');
      const { settings, metadata } = sent;
      return show(catalog.bucket(request.bucket).patch(object, { settings, metadata }), request);
    },
    delete: (request) => {
      catalog.bucket(request.bucket).remove(target(request, 'write'));
      return { status: 204 };
    },
    copy: async (request) => show(await copyObject(catalog, request), request),
    rewrite: async (request) => {
      const object = await copyObject(catalog, request);
      const size = String(object.sizeBytes);
      const resource = objectResource(object, request.baseUrl);
      return ok({
        kind: 'storage#rewriteResponse',
        totalBytesRewritten: size,
        objectSize: size,
        done: true,
        resource,
      });
    },
    bucket: (request) => handleBucket(catalog, request),
  };
}

async function copyObject(catalog: Catalog, request: StorageRequest): Promise<StoredObject> {
  const { query, destination = request } = request;
  const sent = await readJson(request.message);
  const sourceBucket = catalog.bucket(request.bucket);
  const targetBucket = catalog.bucket(destination.bucket);
  const name = requireObjectName(destination.name);
  const source = sourceBucket.get(request.name);
  const generation = query.get('sourceGeneration');
  if (source === undefined || (generation !== null && generation !== source.generation)) {
    throw notFound(`No such object: ${request.bucket}/${request.name}`);
  }
  checkPreconditions(source, preconditionsOf(query, 'source'), 'write');
  const wanted = preconditionsOf(query);
  const staged = catalog.staging.copy(source, join(sourceBucket.folder, source.path));
  // A resource in the body replaces the source's metadata; without one it is copied along.
  const hasResource = Object.keys(sent as object).length > 0;
  const draft = hasResource ? mergedDraft(sent, { settings: source.settings, metadata: {} }) : source;
  const { settings, metadata } = draft;
  try {
    return targetBucket.put(name, staged, { settings, metadata }, (current) =>
      checkPreconditions(current, wanted, 'write'),
    );
  } catch (error) {
    catalog.staging.discard(staged);
    throw error;
  }
}

async function handleBucket(catalog: Catalog, request: StorageRequest): Promise<Reply> {
  const { method, bucket } = request;
  const show = (one: Bucket) => bucketResource(one, request.baseUrl);
  if (bucket === '' && method === 'GET') {
    return ok({ kind: 'storage#buckets', items: [...catalog.buckets()].map(show) });
  }
  if (bucket === '' && method === 'POST') {
    const { name = '' } = sentResource(await readJson(request.message));
    return ok(show(catalog.createBucket(name)));
  }
  if (method !== 'GET') throw new ServiceError(405, 'methodNotAllowed', 'Expected GET on a bucket');
  const wanted = request.query.get('ifMetagenerationMatch');
  if (wanted !== null && wanted !== '1') throw conditionNotMet();
  return ok(show(catalog.bucket(bucket)));
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
