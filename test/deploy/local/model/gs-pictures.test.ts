import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ModelEmulator } from '../../../../deploy/local/model/emulator.ts';
import type { StorageEmulator } from '../../../../deploy/local/storage/emulator.ts';
import { clientOf, startEmulator as startStorage } from '../storage/support.ts';
import { decodeText, imagen3, imagen3Body, imageText, methodUrl, post, startEmulator } from './support.ts';

let storage: StorageEmulator;
let emulator: ModelEmulator;
beforeEach(async () => {
  storage = await startStorage();
  emulator = await startEmulator({ storageBaseUrl: storage.url });
});
afterEach(() => emulator.close());

const bodyWith = (gcsUri: string) => {
  const body = imagen3Body();
  body.instances[0].referenceImages[0].referenceImage = { gcsUri };
  return body;
};

describe('pictures in a bucket', () => {
  it('are read, and answers are written beside storageUri', async () => {
    const bucket = clientOf(storage.url).bucket('input');
    await bucket.file('photos/a b.png').save(Buffer.from(imageText, 'base64'), { resumable: false });
    const body = bodyWith('gs://input/photos/a b.png');
    body.parameters.storageUri = 'gs://input/answers';
    const { status, json } = await post(methodUrl(emulator.url, imagen3), body);
    expect(status).toBe(200);
    expect(json.predictions).toEqual([{ mimeType: 'image/png', gcsUri: 'gs://input/answers/sample_0.png' }]);
    const [bytes] = await bucket.file('answers/sample_0.png').download();
    expect((await decodeText(bytes.toString('base64'))).width).toBe(64);
  });

  it('are refused when they are not there', async () => {
    const { json } = await post(methodUrl(emulator.url, imagen3), bodyWith('gs://input/none.png'));
    expect(json.error).toMatchObject({ code: 400, message: expect.stringMatching(/404/) });
  });

  it('are refused without a storage server', async () => {
    const alone = await startEmulator();
    const { json } = await post(methodUrl(alone.url, imagen3), bodyWith('gs://input/a.png'));
    await alone.close();
    expect(json.error).toMatchObject({ code: 400, message: expect.stringMatching(/without a storage/) });
  });
});
