import { createServer, type Server } from 'node:http';
import { type CloudEvent, cloudEvent } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { listenOn } from '../../../support/listening.ts';
import { manualClock } from '../../../support/manual-clock.ts';
import { createOnly, eventually, fileAt, startEmulator, temporaryRoot } from './support.ts';

async function listening(server: Server): Promise<string> {
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return listenOn(server);
}

/** A subscriber that answers with the statuses given, then 204. */
async function subscriber(statuses: number[] = []) {
  const heard: { readonly name: string; readonly id: string }[] = [];
  const server = createServer(async (message, response) => {
    let text = '';
    for await (const chunk of message) text += chunk;
    heard.push({ name: JSON.parse(text).name, id: String(message.headers['ce-id']) });
    response.writeHead(statuses.shift() ?? 204).end();
  });
  return { heard, url: await listening(server) };
}

it('is heard by a CloudEvent function of the real framework', async () => {
  const heard: CloudEvent<unknown>[] = [];
  cloudEvent('onUploadForTest', (event: CloudEvent<unknown>) => void heard.push(event));
  const emulator = await startEmulator();
  emulator.events.subscribe('input', await listening(getTestServer('onUploadForTest')));
  const file = fileAt(emulator.url, 'dir/Grüße "1" %.jpg');
  await file.save('bytes', { ...createOnly, metadata: { contentType: 'image/jpeg', metadata: { k: 'v' } } });
  await fileAt(emulator.url, 'unheard', 'output').save('x', createOnly);
  await emulator.events.idle();
  const [metadata] = await file.getMetadata();
  expect(heard).toMatchObject([
    {
      specversion: '1.0',
      type: 'google.cloud.storage.object.v1.finalized',
      source: '//storage.googleapis.com/projects/_/buckets/input',
      subject: 'objects/dir/Gr%C3%BC%C3%9Fe%20%221%22%20%25.jpg',
      bucket: 'input',
      data: {
        bucket: 'input',
        name: 'dir/Grüße "1" %.jpg',
        generation: metadata.generation,
        metageneration: '1',
        size: '5',
        crc32c: metadata.crc32c,
        contentType: 'image/jpeg',
        timeCreated: metadata.timeCreated,
        metadata: { k: 'v' },
      },
    },
  ]);
});

describe('delivery', () => {
  it('repeats with growing pauses, under the same id, until acknowledged', async () => {
    const clock = manualClock(Date.UTC(2026, 0, 1));
    const { heard, url } = await subscriber([500, 429, 302]);
    const emulator = await startEmulator({
      clock,
      delivery: { minBackoffMs: 10_000, maxBackoffMs: 15_000 },
    });
    emulator.events.subscribe('input', url);
    await fileAt(emulator.url, 'a').save('x', createOnly);
    for (const [i, waitMs] of [10_000, 15_000, 15_000].entries()) {
      await eventually(() => expect(clock.waiting()).toBe(1));
      expect(heard).toHaveLength(i + 1);
      clock.advance(waitMs - 1);
      expect(clock.waiting()).toBe(1);
      clock.advance(1);
    }
    await emulator.events.idle();
    expect(heard).toHaveLength(4);
    expect(new Set(heard.map(({ id }) => id)).size).toBe(1);
  });

  it('repeats after a restart what was not acknowledged, and only that', async () => {
    const root = await temporaryRoot();
    const busy = await subscriber([204, 500]);
    const first = await startEmulator({ root, delivery: { minBackoffMs: 60_000 } });
    first.events.subscribe('input', busy.url);
    await fileAt(first.url, 'done').save('x', createOnly);
    await first.events.idle();
    await fileAt(first.url, 'open').save('x', createOnly);
    await eventually(() => expect(busy.heard).toHaveLength(2));
    await first.close();

    const second = await startEmulator({ root });
    const later = await subscriber();
    second.events.subscribe('input', later.url);
    await second.events.idle();
    expect(later.heard.map(({ name }) => name)).toEqual(['open']);
  });

  it('can lose and double events', async () => {
    const { heard, url } = await subscriber();
    const emulator = await startEmulator();
    emulator.events.subscribe('input', url);
    for (const copies of [0, 2, 1]) {
      emulator.sendEvents(copies);
      await fileAt(emulator.url, `sent ${copies} times`).save('x', createOnly);
    }
    await emulator.events.idle();
    const names = heard.map(({ name }) => name).toSorted();
    expect(names).toEqual(['sent 1 times', 'sent 2 times', 'sent 2 times']);
    expect(new Set(heard.map(({ id }) => id)).size).toBe(3);
  });
});
