import { EditError } from '../../lib/errors.ts';
import type { JobFileName, StoredFile } from '../../lib/http-jobs/http-jobs.ts';
import type { Answer } from '../http.ts';
import { contentDisposition } from '../picture-headers.ts';
import type { Call, Route, StudioParts } from './context.ts';
import { integerIn } from './query.ts';

const ofJob = '^/jobs/(?<id>[0-9a-f]{16})';
const upload = '^/uploads/(?<upload>[0-9a-f-]{36})';

export const fileRoutes: readonly Route[] = [
  { method: 'GET', path: new RegExp(`${ofJob}/outputs/(?<output>[1-9]\\d?)$`), answer: sendFile },
  { method: 'GET', path: new RegExp(`${ofJob}/inputs/(?<input>image|mask)$`), answer: sendFile },
  { method: 'GET', path: new RegExp(`${ofJob}/(?<made>mask|preview)$`), answer: sendFile },
  { method: 'GET', path: new RegExp(`${ofJob}/(?<made>mask)/preview$`), query: ['w'], answer: sendPreview },
  {
    method: 'GET',
    path: new RegExp(`${ofJob}/outputs/(?<output>[1-9]\\d?)/preview$`),
    query: ['w'],
    answer: sendPreview,
  },
  {
    method: 'GET',
    path: new RegExp(`${ofJob}/inputs/(?<input>image|mask)/preview$`),
    query: ['w'],
    answer: sendPreview,
  },
  { method: 'GET', path: new RegExp(`${upload}/preview$`), query: ['w'], answer: sendPreview },
];

/** Cloud Run passes on 32 MiB; this leaves room. */
const maxPartBytes = 24 * 1024 * 1024;
const previewPx = { least: 16, most: 4096, fallback: 2048 };

async function fileOf({ path, signal }: Call, parts: StudioParts): Promise<StoredFile> {
  const { id, upload: uploadId } = path;
  if (uploadId !== undefined) return (await (await parts.uploads()).find(uploadId, signal)).object;
  const jobs = await parts.jobs();
  return jobs.fileOf(await jobs.read(id ?? '', signal), fileNameIn(path), signal);
}

function fileNameIn({ output, input, made }: Call['path']): JobFileName {
  if (made !== undefined) return made === 'mask' ? 'found' : 'preview';
  return input === 'image' || input === 'mask' ? input : Number(output);
}

/**
 * A file, or the part that `Range` asks for.
 *
 * @see RFC 9110, 14.
 */
async function sendFile(call: Call, parts: StudioParts): Promise<Answer> {
  const { request, response, signal } = call;
  const file = await fileOf(call, parts);
  const etag = `"${file.crc32c}"`;
  response.set({
    'Accept-Ranges': 'bytes',
    ETag: etag,
    'Content-Disposition': contentDisposition(nameOf(file), extensionOf(file), 'attachment'),
  });
  if (request.get('if-none-match')?.includes(etag)) return { send: () => void response.status(304).end() };
  const range = rangeOf(call, file, etag);
  if (range === undefined && file.sizeBytes > maxPartBytes) {
    const message = `Expected a Range of at most ${maxPartBytes} bytes for a file of ${file.sizeBytes}, got none`;
    throw new EditError('ANSWER_TOO_LARGE', message);
  }
  const { start, end } = range ?? { start: 0, end: file.sizeBytes - 1 };
  const bytes = await (await parts.jobs()).readRange(file, { start, end }, signal);
  if (bytes === undefined) throw new EditError('NOT_FOUND', 'Expected a file of this job, found it gone');
  if (range !== undefined) {
    response.status(206).set('Content-Range', `bytes ${start}-${end}/${file.sizeBytes}`);
  }
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { send: () => response.type(file.contentType).send(body), facts: { sentBytes: bytes.length } };
}

/**
 * The part to send; of a longer one its beginning, as RFC 9110 allows. `undefined`: the whole file, also for
 * several parts at once.
 *
 * @throws {EditError} `RANGE_UNSATISFIABLE`.
 */
function rangeOf({ request, response }: Call, { sizeBytes }: StoredFile, etag: string) {
  const ifRange = request.get('if-range');
  if (ifRange !== undefined && ifRange !== etag) return undefined;
  const ranges = request.range(sizeBytes);
  if (ranges === -1) {
    response.set('Content-Range', `bytes */${sizeBytes}`);
    throw new EditError('RANGE_UNSATISFIABLE', `Expected a range within ${sizeBytes} bytes, got another`);
  }
  // Of other units nothing is known: they are passed over.
  if (ranges === undefined || ranges === -2 || ranges.length !== 1 || ranges.type !== 'bytes')
    return undefined;
  const [{ start, end } = { start: 0, end: 0 }] = ranges;
  return { start, end: Math.min(end, start + maxPartBytes - 1) };
}

/** `dir/photo.jpg/{job}/1.jpg`: people know the photo. */
const madeName = /([^/]+)\/[0-9a-f]{16}\/(\d+|mask|preview)\.[^./]+$/;

const nameOf = ({ name }: StoredFile) => madeName.exec(name)?.[1] ?? name.slice(name.lastIndexOf('/') + 1);

function extensionOf({ name }: StoredFile): string {
  const [, , made] = madeName.exec(name) ?? [];
  const extension = name.slice(name.lastIndexOf('.'));
  if (made !== undefined) return `.${/\d/.test(made) ? 'edited' : made}${extension}`;
  return extension.includes('/') ? '' : extension;
}

async function sendPreview(call: Call, parts: StudioParts): Promise<Answer> {
  const { response, signal, query } = call;
  const width = integerIn(query, 'w', previewPx);
  const file = await fileOf(call, parts);
  const bytes = await parts.decodes(async () => {
    const whole = await (await parts.jobs()).readWhole(file, signal);
    return parts.preview(whole, width);
  });
  // A version of an object never changes.
  response.set({ 'Cache-Control': 'private, max-age=86400', ETag: `"${file.crc32c}-${width}"` });
  return { send: () => response.type('image/webp').send(Buffer.from(bytes)) };
}
