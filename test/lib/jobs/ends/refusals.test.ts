import { expect, it } from 'vitest';
import { EditError } from '../../../../lib/errors.ts';
import { deliverEnd } from '../../../../lib/jobs/ends/deliver.ts';
import type { JobEnd } from '../../../../lib/jobs/ends/end.ts';
import { publishEnd } from '../../../../lib/jobs/ends/topic.ts';
import { never } from '../../../support/job-world.ts';
import { memoryBuckets, memoryClient } from '../../../support/memory-store.ts';

const end: JobEnd = {
  job: '00000000000000aa',
  image: 'd/p.png',
  outcome: 'published',
  file: { bucket: 'output', name: 'd/p.png/00000000000000aa/manifest.json' } as JobEnd['file'],
  outputs: [{ name: 'd/p.png/00000000000000aa/1.png', generation: '1', contentType: 'image/png' }],
  failure: undefined,
  uploadedAt: '2026-05-01T12:00:00Z',
  round: 0,
};

it('a topic that may not be published to is a fault of the deployment', async () => {
  const asked: string[] = [];
  const options = {
    topic: 'projects/p/topics/t',
    apiEndpoint: 'https://pubsub.example',
    inputBucket: 'input',
    outputBucket: 'output',
    authorize: async () => ({}),
    fetch: (async (url: string) => {
      asked.push(url);
      return Response.json({ error: { message: 'User not authorized' } }, { status: 403 });
    }) as typeof fetch,
  };
  await expect(publishEnd(end, options, never)).rejects.toMatchObject({
    code: 'TOPIC_PERMISSION',
    message: expect.stringContaining('User not authorized'),
  });
  expect(asked).toEqual(['https://pubsub.example/v1/projects/p/topics/t:publish']);
});

it('a place that may not be written to is a fault of the deployment', async () => {
  const options = {
    store: memoryClient(memoryBuckets()),
    transfers: { replace: () => Promise.reject(new EditError('STORAGE_PERMISSION', 'Expected rights')) },
    outputBucket: 'output',
  };
  await expect(deliverEnd(end, options, never)).rejects.toMatchObject({ code: 'DELIVERY_PERMISSION' });
});
