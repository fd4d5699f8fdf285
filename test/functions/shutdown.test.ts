import { expect, it } from 'vitest';
import { readConfig } from '../../lib/config.ts';
import { wire } from '../../lib/wiring.ts';
import { listed, openEmulator, workerStore } from '../support/emulator-world.ts';
import { startFaultyModel } from '../support/faulty-model.ts';
import { startFunction } from '../support/framework-process.ts';
import { never, silentLog } from '../support/job-world.ts';
import { image, mask } from '../support/small-pair.ts';

const task = { bucket: 'input', name: 'p.png', job: '0123456789abcdef' };

it('SIGTERM in the middle of a model call: the claim is left, and the next attempt begins at once (G17)', {
  timeout: 60_000,
}, async () => {
  await using emulator = await openEmulator();
  const asked = Promise.withResolvers<void>();
  const onRequest = () => asked.resolve();
  const model = await startFaultyModel({ scale: 1 / 4, onRequest });
  const user = workerStore(emulator, 'user');
  const create = (name: string, bytes: Uint8Array) =>
    user.create({ bucket: 'input', name }, bytes, { contentType: 'image/png' });
  await create('p.png', image);
  await create('p.mask.png', mask);
  const environment = {
    ...{ INPUT_BUCKET: 'input', OUTPUT_BUCKET: 'output', CONTROL_BUCKET: 'control' },
    ...{ STORAGE_API_ENDPOINT: emulator.url, MODEL_BASE_URL: model.url, ENGINE: 'imagen' },
    GOOGLE_CLOUD_PROJECT: 'local',
  };
  try {
    await using running = await startFunction({ target: 'runJob', environment });
    model.behave({ hang: true }, 1);
    const headers = { 'content-type': 'application/json' };
    const answer = fetch(running.url, { method: 'POST', headers, body: JSON.stringify(task) });
    await asked.promise;
    const started = performance.now();
    process.kill(running.pid, 'SIGTERM');
    expect((await answer).status).toBe(503);
    expect(await running.exit).toEqual([0, null]);
    // Cloud Run waits for ten seconds.
    expect(performance.now() - started).toBeLessThan(9000);
    const [claim] = await listed(user, 'control', 'claims/');
    expect(claim?.metadata).toMatchObject({
      state: 'WAIT',
      waitMs: '0',
      code: 'CANCELLED',
      attempts: '0',
      modelCalls: 'r0=1',
    });

    const { runJob } = await wire(readConfig(environment), silentLog).jobs();
    await runJob({ bucket: 'input', name: 'p.png' }, never);
    const outputs = await listed(user, 'output', 'p.png/');
    expect(outputs.map(({ name }) => name.split('/').at(-1))).toEqual(['1.png', 'manifest.json']);
    expect((await listed(user, 'control', 'claims/'))[0]?.metadata).toMatchObject({
      state: 'DONE',
      modelCalls: 'r0=2',
    });
  } finally {
    await model.close();
  }
});
