import { randomUUID } from 'node:crypto';
import type { Catalog } from './catalog.ts';
import { type StoredObject, sentResource } from './object.ts';
import { checkPreconditions, preconditionsOf } from './preconditions.ts';
import { bodyOf, type Reply, readJson } from './reply.ts';
import type { StorageRequest } from './request.ts';
import { invalid, notFound, ServiceError } from './service-error.ts';
import type { StagingWriter } from './staging.ts';
import { commitUpload, hashHeaderOf, type UploadFacts, uploadName } from './uploads.ts';

interface Session {
  readonly id: string;
  readonly facts: Omit<UploadFacts, 'hashHeader'>;
  readonly writer: StagingWriter;
  /** Set when the last byte came: asking again gives the same answer. */
  finished?: StoredObject;
}

/** Resumable uploads under way. They are kept in memory: a restart forgets them and clients begin again. */
export type UploadSessions = Map<string, Session>;

const RESUME_INCOMPLETE = 308;
/** What the service answers to a cancelled session. */
const CLIENT_CLOSED_REQUEST = 499;

/** @see https://cloud.google.com/storage/docs/performing-resumable-uploads */
export async function startUpload(
  sessions: UploadSessions,
  catalog: Catalog,
  request: StorageRequest,
): Promise<Reply> {
  const { query, message, bucket, baseUrl } = request;
  const resource = sentResource(await readJson(message));
  const name = uploadName({ request, resource });
  const sentType = message.headers['x-upload-content-type'];
  const contentType = typeof sentType === 'string' ? sentType : undefined;
  checkPreconditions(catalog.bucket(bucket).objects.get(name), preconditionsOf(query), 'write');
  const id = randomUUID();
  sessions.set(id, { id, facts: { request, resource, contentType }, writer: catalog.staging.open() });
  const location = new URLSearchParams({ uploadType: 'resumable', name, upload_id: id });
  const url = `${baseUrl}/upload/storage/v1/b/${bucket}/o?${location}`;
  return { status: 200, headers: { location: url, 'x-guploader-uploadid': id } };
}

/** Takes a part of the object, or a question for how much has come: the finished object, or a 308 reply. */
export async function resumeUpload(
  sessions: UploadSessions,
  catalog: Catalog,
  request: StorageRequest,
): Promise<StoredObject | Reply> {
  const session = sessionOf(sessions, request);
  const { id, writer } = session;
  if (session.finished !== undefined) return session.finished;
  const range = contentRangeOf(request.message.headers['content-range']);
  await appendRange(writer, range, bodyOf(request.message));
  const isComplete = range.total === undefined ? range.isOpenEnded : writer.sizeBytes === range.total;
  if (!isComplete) return incomplete(writer.sizeBytes);
  try {
    const facts = { ...session.facts, hashHeader: hashHeaderOf(request.message) };
    session.finished = commitUpload(catalog, facts, writer);
    return session.finished;
  } catch (error) {
    sessions.delete(id);
    writer.discard();
    throw error;
  }
}

export function cancelUpload(sessions: UploadSessions, request: StorageRequest): Reply {
  const { id, writer, finished } = sessionOf(sessions, request);
  sessions.delete(id);
  if (finished === undefined) writer.discard();
  return { status: CLIENT_CLOSED_REQUEST };
}

function sessionOf(sessions: UploadSessions, request: StorageRequest): Session {
  const id = request.query.get('upload_id') ?? '';
  const session = sessions.get(id);
  if (session === undefined) throw notFound(`No such upload session: ${id}`);
  return session;
}

/** Appends what is new in a range; bytes that have come before are skipped. */
async function appendRange(
  writer: StagingWriter,
  { start }: ContentRange,
  body: AsyncIterable<Buffer>,
): Promise<void> {
  if (start > writer.sizeBytes) throw gap(start, writer.sizeBytes);
  let skipBytes = start < 0 ? 0 : writer.sizeBytes - start;
  for await (const chunk of body) {
    const skipped = Math.min(skipBytes, chunk.length);
    skipBytes -= skipped;
    if (skipped < chunk.length) writer.append(chunk.subarray(skipped));
  }
}

interface ContentRange {
  /** -1: no bytes are sent, only asked about. */
  readonly start: number;
  readonly total: number | undefined;
  /** The end of the request is the end of the object, when no total says otherwise. */
  readonly isOpenEnded: boolean;
}

/**
 * Reads `bytes 0-99/100`, `bytes 0-*` and `bytes *`, each with a total or `*` behind the slash, or no header
 * at all.
 */
function contentRangeOf(header: string | undefined): ContentRange {
  if (header === undefined) return { start: 0, total: undefined, isOpenEnded: true };
  const match = /^bytes (?:(\d+)-(\d+|\*)|\*)\/(\d+|\*)$/.exec(header);
  if (match === null) throw invalid(`Failed to parse Content-Range header: '${header}'`);
  const [, start, end, total] = match;
  return {
    start: start === undefined ? -1 : Number(start),
    total: total === '*' ? undefined : Number(total),
    isOpenEnded: end === '*',
  };
}

const incomplete = (sizeBytes: number): Reply => ({
  status: RESUME_INCOMPLETE,
  headers: sizeBytes === 0 ? {} : { range: `bytes=0-${sizeBytes - 1}` },
});

const gap = (start: number, sizeBytes: number): ServiceError =>
  new ServiceError(
    503,
    'backendError',
    `Invalid request. According to the Content-Range header, the upload offset is ${start} byte(s), ` +
      `which exceeds already uploaded size of ${sizeBytes} byte(s).`,
  );
