import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CloudEvent, cloudEvent } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { manualClock } from '../../../../deploy/local/clock.ts';
import { clientOf, eventually, startEmulator, temporaryRoot } from './support.ts';

const createOnly = {
  resumable: false,
  validation: false,
  preconditionOpts: { ifGenerationMatch: 0 },
} as const;

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.closeAllConnections());
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface Heard {
  readonly name: string;
  readonly id: string;
}

/** A subscriber that answers with the statuses given, then 204. */
async function subscriber(statuses: number[] = []) {
  const heard: Heard[] = [];
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
  const url = await listening(getTestServer('onUploadForTest'));
  const emulator = await startEmulator({ subscriptions: [{ bucket: 'input', url }] });
  const file = clientOf(emulator.url).bucket('input').file('dir/Grüße "1" %.jpg');
  await file.save('bytes', { ...createOnly, metadata: { contentType: 'image/jpeg', metadata: { k: 'v' } } });
  await clientOf(emulator.url).bucket('output').file('unheard').save('x', createOnly);
  await emulator.events.idle();
  const [metadata] = await file.getMetadata();
  expect(heard).toHaveLength(1);
  expect(heard[0]).toMatchObject({
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
  });
});

describe('delivery', () => {
  it('repeats with growing pauses, under the same id, until acknowledged', async () => {
    const clock = manualClock(Date.UTC(2026, 0, 1));
    const { heard, url } = await subscriber([500, 429, 302]);
    const emulator = await startEmulator({
      clock,
      subscriptions: [{ bucket: 'input', url }],
      delivery: { minBackoffMs: 10_000, maxBackoffMs: 15_000 },
    });
    await clientOf(emulator.url).bucket('input').file('a').save('x', createOnly);
    for (const [tries, waitMs] of [
      [1, 10_000],
      [2, 15_000],
      [3, 15_000],
    ] as const) {
      await eventually(() => expect(clock.waiting()).toBe(1));
      expect(heard).toHaveLength(tries);
      clock.advance(waitMs - 1);
      expect(clock.waiting()).toBe(1);
      clock.advance(1);
    }
    await emulator.events.idle();
    expect(new Set(heard.map(({ id }) => id)).size).toBe(1);
    expect(emulator.events.counts()).toMatchObject({
      attempts: 4,
      acknowledged: 1,
      failed: 3,
      outstanding: 0,
    });
  });

  it('repeats after a restart what was not acknowledged, and only that', async () => {
    const root = await temporaryRoot();
    const busy = await subscriber([500, 500, 500]);
    const first = await startEmulator({ root, delivery: { minBackoffMs: 60_000 } });
    const bucket = clientOf(first.url).bucket('input');
    const heardOnce = await subscriber();
    first.events.subscribe('input', heardOnce.url);
    await bucket.file('done').save('x', createOnly);
    await first.events.idle();
    await first.close();

    const second = await startEmulator({ root, delivery: { minBackoffMs: 60_000 } });
    second.events.subscribe('input', busy.url);
    await clientOf(second.url).bucket('input').file('open').save('x', createOnly);
    await eventually(() => expect(second.events.counts().failed).toBe(1));
    await second.close();

    const third = await startEmulator({ root });
    const later = await subscriber();
    third.events.subscribe('input', later.url);
    await third.events.idle();
    expect(later.heard.map(({ name }) => name)).toEqual(['open']);
  });

  it('can duplicate, reorder and drop, the same way for the same seed', async () => {
    const orderFor = async (seed: number) => {
      const { heard, url } = await subscriber();
      const emulator = await startEmulator({
        subscriptions: [{ bucket: 'input', url }],
        delivery: { maxInFlight: 1 },
      });
      emulator.events.disturb({ duplicates: 1, reorder: 12, seed });
      const bucket = clientOf(emulator.url).bucket('input');
      for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) await bucket.file(name).save('x', createOnly);
      await emulator.events.idle();
      expect(new Set(heard.map(({ id }) => id)).size).toBe(12);
      return heard.map(({ name }) => name).join('');
    };
    const order = await orderFor(1);
    expect([...order].sort().join('')).toBe('aabbccddeeff');
    expect(order).not.toBe('aabbccddeeff');
    expect(await orderFor(1)).toBe(order);
    expect(await orderFor(2)).not.toBe(order);
  });

  it('drops for good what it is told to', async () => {
    const { heard, url } = await subscriber();
    const emulator = await startEmulator({ subscriptions: [{ bucket: 'input', url }] });
    emulator.events.disturb({ drop: 1 });
    await clientOf(emulator.url).bucket('input').file('a').save('x', createOnly);
    emulator.events.disturb({});
    await clientOf(emulator.url).bucket('input').file('b').save('x', createOnly);
    await emulator.events.idle();
    expect(heard.map(({ name }) => name)).toEqual(['b']);
    expect(emulator.events.counts().dropped).toBe(1);
  });
});
