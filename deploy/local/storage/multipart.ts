import { invalid, type ServiceError } from './service-error.ts';

/** The part before the bytes is metadata: more than this is no upload of ours. */
const MAX_HEAD_BYTES = 1024 * 1024;
/** Room for line ends behind the closing boundary. */
const MAX_EPILOGUE_BYTES = 8;

interface MultipartHead {
  /** The first part: the object resource as JSON text. */
  readonly resource: string;
  readonly contentType: string | undefined;
}

/** The boundary of a `multipart/related` content type, quoted or not. */
export function boundaryOf(contentType: string | undefined): string {
  const match = /^multipart\/related\s*;.*?\bboundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType ?? '');
  const boundary = match?.[1] ?? match?.[2];
  if (boundary === undefined)
    throw invalid('Invalid content type: expected multipart/related with a boundary');
  return boundary.replace(/^'(.*)'$/, '$1');
}

/**
 * Streams the second part of a two-part `multipart/related` body to `onBytes`.
 *
 * The closing boundary is looked for at the very end only, so the bytes may contain anything. Line ends are
 * those of the first line: gcloud sends bare LF where other clients send CRLF.
 */
export async function readMultipart(
  body: AsyncIterable<Buffer>,
  boundary: string,
  onBytes: (chunk: Uint8Array) => void,
): Promise<MultipartHead> {
  let head: ParsedHead | undefined;
  let held: Buffer = Buffer.alloc(0);
  for await (const chunk of body) {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    if (head === undefined) {
      head = parseHead(held, boundary);
      if (head === undefined) continue;
      held = held.subarray(head.dataStart);
    }
    const tailBytes = head.newline.length + boundary.length + '----'.length + MAX_EPILOGUE_BYTES;
    const knownBytes = Math.max(0, held.length - tailBytes);
    onBytes(held.subarray(0, knownBytes));
    held = held.subarray(knownBytes);
  }
  if (head === undefined) throw malformed('two parts');
  const end = held.lastIndexOf(`${head.newline}--${boundary}--`);
  if (end < 0) throw malformed('a closing boundary at its end');
  onBytes(held.subarray(0, end));
  return head;
}

const malformed = (expected: string): ServiceError =>
  invalid(`Malformed multipart body: expected ${expected}`);

interface ParsedHead extends MultipartHead {
  readonly newline: string;
  readonly dataStart: number;
}

/**
 * The headers of both parts and the body of the first, or `undefined` while some of them are still to come.
 *
 * @throws {ServiceError} 400 when they are malformed or too long.
 */
function parseHead(bytes: Buffer, boundary: string): ParsedHead | undefined {
  const head = findHead(bytes, boundary);
  if (head === undefined && bytes.length > MAX_HEAD_BYTES) throw malformed('two parts');
  return head;
}

function findHead(bytes: Buffer, boundary: string): ParsedHead | undefined {
  const opening = `--${boundary}`;
  const firstLine = bytes.indexOf('\n');
  if (firstLine < 0) return undefined;
  if (bytes.subarray(0, firstLine).toString('latin1').trimEnd() !== opening) {
    throw malformed('the boundary on its first line');
  }
  const newline = bytes[firstLine - 1] === 0x0d ? '\r\n' : '\n';
  // Searching from a line's end finds the empty line also where a part has no headers.
  const resourceStart = bytes.indexOf(newline + newline, firstLine + 1 - newline.length);
  if (resourceStart < 0) return undefined;
  const separator = bytes.indexOf(newline + opening + newline, resourceStart + newline.length);
  if (separator < 0) return undefined;
  const separatorEnd = separator + newline.length + opening.length;
  const dataHead = bytes.indexOf(newline + newline, separatorEnd);
  if (dataHead < 0) return undefined;
  const headers = bytes.subarray(separatorEnd, dataHead).toString('latin1');
  return {
    newline,
    resource: bytes.subarray(resourceStart + 2 * newline.length, separator).toString('utf8'),
    contentType: /^content-type:\s*(.+?)\s*$/im.exec(headers)?.[1],
    dataStart: dataHead + 2 * newline.length,
  };
}
