import { expect, it } from 'vitest';
import { EditError } from '../../../../lib/errors.ts';
import { deliverEnd } from '../../../../lib/jobs/ends/deliver.ts';
import { never } from '../../../support/job-world.ts';
import { memoryBuckets, memoryClient } from '../../../support/memory-store.ts';

it('names the right that it lacks, where the store only says that it lacks one', async () => {
  const end = {
    ...({ job: '0123456789abcdef', image: 'p.jpg', outcome: 'published', failure: undefined } as const),
    file: { name: 'p.jpg/0123456789abcdef/manifest.json' },
    outputs: [{ name: 'p.jpg/0123456789abcdef/1.jpg', generation: '1', contentType: 'image/jpeg' }],
    ...{ uploadedAt: '2026-01-01T00:00:00Z', round: 0 },
  };
  const replace = () => Promise.reject(new EditError('STORAGE_PERMISSION', 'Expected a right, got 403'));
  const delivered = deliverEnd(
    end as unknown as Parameters<typeof deliverEnd>[0],
    { store: memoryClient(memoryBuckets()), transfers: { replace }, outputBucket: 'output' },
    never,
  );
  await expect(delivered).rejects.toMatchObject({ code: 'DELIVERY_PERMISSION' });
});
