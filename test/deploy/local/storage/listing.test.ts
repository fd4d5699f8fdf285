import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { compareNames } from '../../../../deploy/local/storage/sorted-names.ts';
import type { FaultyStorage } from '../../../support/faulty-storage.ts';
import { fileAt, startEmulator } from './support.ts';

const NAMES = ['a/1.jpg', 'a/2.jpg', 'a/b/3.jpg', 'a0', 'b/1.jpg', 'c', '日', '🙂'];
let emulator: FaultyStorage;

beforeEach(async () => {
  emulator = await startEmulator();
  for (const name of NAMES.toReversed()) {
    await fileAt(emulator.url, name).save('x', { resumable: false });
  }
});

interface Page {
  readonly items?: readonly { readonly name: string }[];
  readonly prefixes?: readonly string[];
  readonly nextPageToken?: string;
}
const page = async (query: Record<string, string>): Promise<Page> => {
  const response = await fetch(`${emulator.url}/storage/v1/b/input/o?${new URLSearchParams(query)}`);
  return (await response.json()) as Page;
};
const listed = async (query: Record<string, string>) => {
  const { items = [], prefixes = [] } = await page(query);
  return [...items.map(({ name }) => name), ...prefixes];
};

describe('a listing', () => {
  it.each([
    // In order of the names as UTF-8.
    [{}, NAMES],
    [{ prefix: 'a/' }, ['a/1.jpg', 'a/2.jpg', 'a/b/3.jpg']],
    [{ prefix: 'a/', delimiter: '/' }, ['a/1.jpg', 'a/2.jpg', 'a/b/']],
    [{ delimiter: '/' }, ['a0', 'c', '日', '🙂', 'a/', 'b/']],
    [{ startOffset: 'a/2.jpg', endOffset: 'b/1.jpg' }, ['a/2.jpg', 'a/b/3.jpg', 'a0']],
    [{ prefix: 'none' }, []],
  ])('narrows to %o', async (query, expected) => {
    expect(await listed(query)).toEqual(expected);
  });

  it.each([{}, { delimiter: '/' }, { prefix: 'a', startOffset: 'a/2' }])(
    'pages one by one over the same as at once: %o',
    async (query) => {
      const seen: string[] = [];
      let token: string | undefined;
      do {
        const next = await page({
          ...query,
          maxResults: '1',
          ...(token === undefined ? {} : { pageToken: token }),
        });
        expect((next.items?.length ?? 0) + (next.prefixes?.length ?? 0)).toBe(1);
        seen.push(...(next.items ?? []).map(({ name }) => name), ...(next.prefixes ?? []));
        token = next.nextPageToken;
      } while (token !== undefined);
      expect(seen.toSorted()).toEqual((await listed(query)).toSorted());
    },
  );

  it('refuses a page token it did not give', async () => {
    const response = await fetch(`${emulator.url}/b/input/o?pageToken=nonsense`);
    expect(response.status).toBe(400);
  });
});

it('orders names as their UTF-8 bytes are ordered', () => {
  const name = fc.string({ unit: 'binary' });
  fc.assert(
    fc.property(name, name, (a, b) => {
      return Math.sign(compareNames(a, b)) === Buffer.compare(Buffer.from(a), Buffer.from(b));
    }),
  );
});
