import { invalid } from './service-error.ts';

/** The part before the bytes is metadata: more than this is no upload of ours. */
const MAX_HEAD_BYTES = 1024 * 1024;
/** Line ends that may follow the closing boundary. */
const MAX_EPILOGUE_BYTES = 8;

export interface MultipartHead {
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
 * Only the very end is looked at for the closing boundary, so the bytes may contain anything. Line ends
 * are those of the first line: gcloud sends bare LF where other clients send CRLF.
 */
export async function readMultipart(
  body: AsyncIterable<Buffer>,
  boundary: string,
  onBytes: (chunk: Uint8Array) => void,
): Promise<MultipartHead> {
  let head: ParsedHead | undefined;
  let held: Buffer = Buffer.alloc(0);
  let tailBytes = 0;
  for await (const chunk of body) {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    if (head === undefined) {
      head = parseHead(held, boundary);
      if (head === undefined) {
        if (held.length > MAX_HEAD_BYTES) throw invalid('Malformed multipart body: expected two parts');
        continue;
      }
      held = held.subarray(head.dataStart);
      tailBytes = head.newline.length + boundary.length + '----'.length + MAX_EPILOGUE_BYTES;
    }
    if (held.length > tailBytes) {
      onBytes(held.subarray(0, held.length - tailBytes));
      held = held.subarray(held.length - tailBytes);
    }
  }
  if (head === undefined) throw invalid('Malformed multipart body: expected two parts');
  const end = held.lastIndexOf(`${head.newline}--${boundary}--`);
  if (end < 0) throw invalid('Malformed multipart body: expected a closing boundary at its end');
  onBytes(held.subarray(0, end));
  return head;
}

interface ParsedHead extends MultipartHead {
  readonly newline: string;
  readonly dataStart: number;
}

/** Both parts' headers and the first part's body, or `undefined` while some of it is still to come. */
function parseHead(bytes: Buffer, boundary: string): ParsedHead | undefined {
  const opening = `--${boundary}`;
  const firstLine = bytes.indexOf('\n');
  if (firstLine < 0) return undefined;
  if (bytes.subarray(0, firstLine).toString('latin1').trimEnd() !== opening) {
    throw invalid('Malformed multipart body: expected the boundary on its first line');
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
