import type { Request } from '@google-cloud/functions-framework';
import busboy from 'busboy';
import { EditError, type ErrorCode } from '../lib/errors.ts';
import { maxRequestBytes } from '../lib/requests/edit-request.ts';

export interface Form {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly fields: ReadonlyMap<string, string>;
}

interface FormLimits {
  readonly maxFileBytes: number;
  /** Names that files may have. */
  readonly files: readonly string[];
}

/**
 * Reads the files and fields of a `multipart/form-data` request. Nothing is streamed: the framework has read
 * the whole body already (`rawBody`).
 *
 * @throws {EditError} `REQUEST_INVALID`, `IMAGE_TOO_LARGE`, `REQUEST_TOO_LARGE`.
 * @see RFC 7578
 */
export async function readForm(request: Request, limits: FormLimits): Promise<Form> {
  const type = request.headers['content-type'] ?? '';
  if (!type.startsWith('multipart/form-data')) {
    throw new EditError(
      'REQUEST_INVALID',
      `Expected multipart/form-data, got ${type.split(';')[0] || 'no content type'}`,
    );
  }
  try {
    return await parse(request, limits);
  } catch (error) {
    if (error instanceof EditError) throw error;
    throw new EditError('REQUEST_INVALID', 'Expected a well-formed multipart/form-data body', {
      cause: error,
    });
  }
}

function parse(request: Request, { maxFileBytes, files: expected }: FormLimits): Promise<Form> {
  const { promise, resolve, reject } = Promise.withResolvers<Form>();
  const refuse = (code: ErrorCode, message: string) => reject(new EditError(code, message));
  const files = new Map<string, Uint8Array>();
  const fields = new Map<string, string>();
  const parser = busboy({
    headers: request.headers,
    limits: { fileSize: maxFileBytes, fieldSize: maxRequestBytes, files: 8, fields: 64 },
  });
  parser.on('file', (name, stream) => {
    if (!expected.includes(name)) {
      const got = JSON.stringify(name);
      refuse('REQUEST_INVALID', `Expected files named ${expected.join(', ')}, got ${got}`);
    }
    if (files.has(name)) refuse('REQUEST_INVALID', `Expected one file ${name}, got several`);
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('limit', () =>
      refuse('IMAGE_TOO_LARGE', `Expected ${name} of at most ${maxFileBytes} bytes, got more`),
    );
    stream.on('close', () => files.set(name, Buffer.concat(chunks)));
  });
  parser.on('field', (name, value, { valueTruncated }) => {
    if (valueTruncated) {
      refuse('REQUEST_TOO_LARGE', `Expected field ${name} of at most ${maxRequestBytes} bytes, got more`);
    }
    if (fields.has(name)) refuse('REQUEST_INVALID', `Expected one field ${name}, got several`);
    fields.set(name, value);
  });
  parser.on('error', reject);
  parser.on('close', () => resolve({ files, fields }));
  parser.end(request.rawBody ?? Buffer.alloc(0));
  return promise;
}
