import { expect, it } from 'vitest';
import { publishEnd } from '../../../../lib/jobs/ends/topic.ts';
import { fakeModel } from '../../../support/fake-model.ts';
import { never } from '../../../support/job-world.ts';

it.each([
  [403, 'TOPIC_PERMISSION'],
  [404, 'TOPIC_PERMISSION'],
  [503, 'TOPIC_UNAVAILABLE'],
])('an answer of %i from Pub/Sub is %s', async (status, code) => {
  const end = {
    ...{ job: '0123456789abcdef', image: 'p.jpg', outcome: 'published', outputs: [], round: undefined },
    file: { name: 'p.jpg/0123456789abcdef/manifest.json' },
  };
  const published = publishEnd(
    end as unknown as Parameters<typeof publishEnd>[0],
    {
      topic: 'projects/p/topics/t',
      apiEndpoint: 'http://127.0.0.1:1',
      inputBucket: 'input',
      outputBucket: 'output',
      authorize: async () => ({}),
      fetch: fakeModel({ status }).fetch,
    },
    never,
  );
  await expect(published).rejects.toMatchObject({ code });
});
