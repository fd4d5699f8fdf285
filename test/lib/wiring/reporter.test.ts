import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startTopicEmulator, type TopicMessage } from '../../../deploy/local/topic.ts';
import { never } from '../../support/job-world.ts';
import { deliverTo, openWiredWorld } from '../../support/wired-world.ts';

// Only the clock is a fake: storage, topic and model are emulated over HTTP.
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 4, 1, 12) }));
afterEach(() => void vi.useRealTimers());
const pass = (ms: number) => void vi.setSystemTime(Date.now() + ms);

const topicName = 'projects/local/topics/results';

async function openTopic() {
  const messages: TopicMessage[] = [];
  const state = { isDown: false };
  const topic = await startTopicEmulator({
    name: topicName,
    onMessage: (message) => {
      if (state.isDown) throw new Error('down');
      messages.push(message);
    },
  });
  const settings = { RESULTS_TOPIC: topicName, PUBSUB_EMULATOR_HOST: topic.host };
  return { messages, state, settings, [Symbol.asyncDispose]: topic.close };
}

describe('RESULTS_TOPIC', () => {
  it('gets one message a job, with attributes to filter by', async () => {
    await using topic = await openTopic();
    await using world = await openWiredWorld({ ENGINE: 'patchmatch', ...topic.settings });
    await world.dropPair('d/p');
    const worker = await world.worker();
    for (let event = 0; event < 2; event++) expect(await deliverTo(worker, 'd/p')).toBe('ended');
    const { job, outputs } = (await world.manifestOf('d/p')) as { job: string; outputs: { name: string }[] };
    expect(topic.messages).toMatchObject([
      {
        attributes: { job, image: 'd/p.png', outcome: 'published' },
        data: { job, image: 'gs://input/d/p.png', outputs: [`gs://output/${outputs[0]?.name}`] },
      },
    ]);
  });

  it('is told of a failure and its code, also where the request cannot be read', async () => {
    await using topic = await openTopic();
    await using world = await openWiredWorld({ ENGINE: 'patchmatch', ...topic.settings });
    const json = new TextEncoder().encode('{"fether": 1}');
    await world.user.create({ bucket: 'input', name: 'p.json' }, json, { contentType: 'application/json' });
    await world.dropPair('p');
    topic.state.isDown = true;
    const worker = await world.worker();
    expect(await deliverTo(worker, 'p')).toBe('ended');
    expect(await world.endOf('p')).toEqual(['error.json']);
    topic.state.isDown = false;
    expect(await worker.sweep({ isDryRun: false }, never)).toMatchObject({ told: 1, settled: 1 });
    expect(await worker.sweep({ isDryRun: false }, never)).toMatchObject({ told: 0 });
    const attributes = { image: 'p.png', outcome: 'failed', code: 'REQUEST_INVALID' };
    expect(topic.messages).toMatchObject([{ attributes }]);
    expect(world.lines.map(({ fields }) => fields['code'])).toContain('TOPIC_UNAVAILABLE');
  });
});

describe('DELIVERY=flat', () => {
  it('puts the result of the newest job where its picture has its name; an older one never covers it', async () => {
    await using world = await openWiredWorld({ ENGINE: 'patchmatch', DELIVERY: 'flat' });
    const delivered = async () => {
      const found = await world.user.stat({ bucket: 'output', name: 'delivered/d/p.png' });
      return found?.metadata['job'];
    };
    const worker = await world.worker();
    await world.dropPair('d/p');
    expect(await deliverTo(worker, 'd/p')).toBe('ended');
    const first = await delivered();
    expect(first).toMatch(/^[0-9a-f]{16}$/);
    const older = await world.user.stat({ bucket: 'output', name: `d/p.png/${first}/manifest.json` });
    pass(60_000);
    await world.put('d/p.mask.png', 'mask');
    expect(await deliverTo(worker, 'd/p')).toBe('ended');
    const second = await delivered();
    expect(second).not.toBe(first);
    // The older job is told again, as after a crash: its place is taken.
    const claim = await world.user.stat({ bucket: 'control', name: `claims/${first}` });
    await world.user.swapMetadata(claim!, { reported: 'no' });
    expect(await worker.sweep({ isDryRun: false }, never)).toMatchObject({ told: 1 });
    expect([older?.metadata['job'], await delivered()]).toEqual([first, second]);
  });

  it('leaves alone what it did not put there', async () => {
    await using world = await openWiredWorld({ ENGINE: 'patchmatch', DELIVERY: 'flat' });
    const id = { bucket: 'output', name: 'delivered/p.png' };
    await world.user.create(id, new TextEncoder().encode('mine'), { contentType: 'image/png' });
    await world.dropPair('p');
    expect(await deliverTo(await world.worker(), 'p')).toBe('ended');
    expect((await world.user.stat(id))?.sizeBytes).toBe(4);
  });
});
