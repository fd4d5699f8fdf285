/** Functions as they are deployed, with a model that answers at once. Importing it builds the bundle. */
import '../../deploy/build.js';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { json } from 'node:stream/consumers';
import { sharp } from '../../lib/formats/vips/loaders.ts';
import type { SeenBody } from '../support/fake-model.ts';
import { type FunctionProcess, startFunction } from '../support/framework-process.ts';

/** What both deployments set for the memory of a function. */
export const memorySettings = { MALLOC_ARENA_MAX: '1', NODE_OPTIONS: '--max-semi-space-size=8' };

/** Its package.json names the built bundle. */
const repository = resolve(import.meta.dirname, '../..');

export function startDeployed(options: Parameters<typeof startFunction>[0]): Promise<FunctionProcess> {
  const environment = { ...memorySettings, ...options.environment };
  return startFunction({ folder: repository, ...options, environment });
}

export interface InstantModel extends AsyncDisposable {
  /** The settings of a function that uses it. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Speaks the protocol of Imagen, and answers the picture it was sent with the mask in one grey. The same
 * picture is answered from memory: after a first call nobody waits for the model.
 */
export async function startInstantModel(): Promise<InstantModel> {
  const painted = new Map<string, Promise<string>>();
  const server = createServer((request, response) => {
    void json(request).then(async (body) => {
      const [instance] = (body as SeenBody).instances;
      const [crop = '', mask = ''] =
        instance?.referenceImages.map(({ referenceImage }) => referenceImage.bytesBase64Encoded) ?? [];
      if (!painted.has(crop)) painted.set(crop, paint(crop, mask));
      const prediction = { bytesBase64Encoded: await painted.get(crop), mimeType: 'image/png' };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ predictions: [prediction] }));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    environment: { ENGINE: 'imagen', GOOGLE_CLOUD_PROJECT: 'bench', MODEL_BASE_URL: url },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function paint(crop: string, mask: string): Promise<string> {
  const { data, info } = await sharp(Buffer.from(crop, 'base64'))
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const asked = await sharp(Buffer.from(mask, 'base64')).toColourspace('b-w').raw().toBuffer();
  for (const [p, value] of asked.entries()) if (value > 0) data.fill(128, p * 3, p * 3 + 3);
  const { width, height } = info;
  const png = await sharp(data, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 1 })
    .toBuffer();
  return png.toString('base64');
}
