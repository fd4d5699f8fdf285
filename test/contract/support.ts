import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removerMap } from '../../deploy/local/model/remover.ts';
import type { InpaintReply, InpaintRequest } from '../../lib/engines/engine.ts';
import { capabilitiesOf, type EngineName, engineFor, engineNames } from '../../lib/engines/engines.ts';
import { httpServiceSchema } from '../../lib/engines/http-service.ts';
import { decodeAnswer } from '../../lib/formats/vips/answer.ts';
import { engineCodec } from '../../lib/formats/vips/engine-codec.ts';
import type { Raster } from '../../lib/pixels/raster.ts';
import { fakeClock, modelSettings } from '../support/fake-model.ts';
import type { FaultyModel } from '../support/faulty-model.ts';
import { removalRequest } from '../support/inpaint-request.ts';
import { lamaLike, sha256Of } from '../support/onnx-graphs.ts';
import { boxMask, wavePicture } from '../support/pictures.ts';

export const isEmbedded = (engine: EngineName) => capabilitiesOf(engine).maxCallsPerSample === 0;
/** The engines that call the API of a model. */
export const modelEngines = engineNames.filter((engine) => !isEmbedded(engine));

const size = { width: 64, height: 48 };
const hole = { left: 20, top: 12, width: 24, height: 20 };
export const crop = wavePicture(size);
export const mask = boxMask(size, hole);
export const signal = new AbortController().signal;

const onnxModel = lamaLike(255);
let onnxFile: string | undefined;

/** One file for all tests of the process. */
function writeOnnxFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'onnx-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'lama.onnx');
  writeFileSync(path, onnxModel);
  return path;
}

/** The production adapter of an engine, on the emulator, in time that only passes by sleeping. */
export async function engineOn(emulator: FaultyModel, engine: EngineName) {
  const time = fakeClock();
  const httpEngine = httpServiceSchema.parse(removerMap(emulator.url));
  onnxFile ??= writeOnnxFile();
  const onnx = { model: onnxFile, sha256: sha256Of(onnxModel), outputScale: 255 } as const;
  const settings = { ...modelSettings, modelBaseUrl: emulator.url, endpointId: '123', httpEngine, onnx };
  const tuning = { clock: time.clock, random: () => 0 };
  const adapter = await engineFor({ engine, model: undefined }, settings, { codec: engineCodec, tuning });
  return { ...time, adapter };
}

export function request(changes: Partial<InpaintRequest> = {}): InpaintRequest {
  return removalRequest({ crop, mask, ...changes });
}

/** The pictures of a reply, decoded as the edit decodes them. */
export function picturesOf({ outcomes }: InpaintReply): Promise<Raster[]> {
  const images = outcomes.flatMap((outcome) => (outcome.kind === 'image' ? [outcome.image] : []));
  return Promise.all(images.map(({ bytes }) => decodeAnswer(bytes)));
}

/** The sample of the first channel at a place given as fractions of the size. */
export function sampleAt({ width, height, channels, data }: Raster, x: number, y: number): number {
  return data[(Math.floor(y * height) * width + Math.floor(x * width)) * channels]!;
}
