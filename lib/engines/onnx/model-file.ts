import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { EditError } from '../../errors.ts';
import type { ReadObject } from '../entry.ts';
import { publishedFiles } from './published.ts';

export interface ModelFile {
  /** A path, or `gs://bucket/name#generation`. */
  readonly model: string;
  /** Hexadecimal; needed for a file that nobody has published. */
  readonly sha256: string | undefined;
  readonly outputScale: 1 | 255 | undefined;
}

interface ReadModel {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What a picture of the answer is divided by; `undefined` where neither table nor setting says it. */
  readonly outputScale: 1 | 255 | undefined;
}

/** Beside the file a runtime holds its graph, and what it computes at 512 x 512 pixels. */
const runtimeBytes = 550 * 1024 * 1024;
/** The file as it is read, and its weights as they are used: measured with LaMa and MI-GAN. */
const copiesOfFile = 2;
const maxFileBytes = 1024 * 1024 * 1024;

/**
 * Reads the file of a model and checks it before anything is made of it.
 *
 * @throws {EditError} `MODEL_MISSING`, `MODEL_TOO_LARGE` for this machine's memory, `MODEL_CHECKSUM` naming
 * both checksums.
 */
export async function readModel(file: ModelFile, readObject: ReadObject | undefined): Promise<ReadModel> {
  const bytes = file.model.startsWith('gs://')
    ? await readFromBucket(file.model, readObject)
    : await readFromDisk(file.model);
  const got = createHash('sha256').update(bytes).digest('hex');
  const published = publishedFiles[got];
  const expected = file.sha256 ?? (published === undefined ? undefined : got);
  if (got !== expected) {
    throw new EditError(
      'MODEL_CHECKSUM',
      `Expected ONNX_MODEL with SHA-256 ${expected ?? 'of a file in docs/onnx.md, or of ONNX_MODEL_SHA256'}, got ${got}`,
    );
  }
  return { bytes, outputScale: file.outputScale ?? published?.outputScale };
}

/** @throws {EditError} `MODEL_MISSING` when there is no such file. */
export async function sizeOnDisk(path: string): Promise<number> {
  const facts = await stat(path).catch(() => undefined);
  if (facts?.isFile()) return facts.size;
  throw new EditError('MODEL_MISSING', `Expected a file at ONNX_MODEL ${path}, got none`);
}

async function readFromDisk(path: string): Promise<Uint8Array<ArrayBuffer>> {
  assertRoom(await sizeOnDisk(path));
  return Uint8Array.from(await readFile(path));
}

async function readFromBucket(uri: string, readObject: ReadObject | undefined) {
  const [, bucket, name, generation] = /^gs:\/\/([^/]+)\/(.+?)(?:#(\d+))?$/.exec(uri) ?? [];
  if (readObject === undefined || bucket === undefined || name === undefined) throw noObject(uri);
  const found = await readObject({ bucket, name, generation }, (sizeBytes) => assertRoom(sizeBytes));
  if (found === undefined) throw noObject(uri);
  return Uint8Array.from(found);
}

const noObject = (uri: string) =>
  new EditError('MODEL_MISSING', `Expected gs://bucket/name#generation at ONNX_MODEL, got nothing at ${uri}`);

/** @throws {EditError} `MODEL_TOO_LARGE` rather than being killed in the middle of a picture. */
export function assertRoom(fileBytes: number, memoryBytes: number = memoryOfProcess()): void {
  const neededBytes = runtimeBytes + copiesOfFile * fileBytes;
  if (neededBytes <= memoryBytes && fileBytes <= maxFileBytes) return;
  const [needed, has] = [neededBytes, memoryBytes].map((bytes) => Math.round(bytes / 1024 / 1024));
  throw new EditError('MODEL_TOO_LARGE', `Expected ${needed} MiB of memory for ONNX_MODEL, got ${has} MiB`);
}

/** What the container may use, or the machine has. */
function memoryOfProcess(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
