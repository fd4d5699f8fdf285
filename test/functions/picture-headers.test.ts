import { expect, test } from 'vitest';
import { contentDisposition, editHeaders } from '../../functions/picture-headers.ts';
import type { EditResult } from '../../lib/edit.ts';

test.each([
  ['photo.jpg', 'photo.png', 'photo.png'],
  ['a "b".jpg', 'a _b_.png', 'a%20_b_.png'],
  ['x\r\nSet-Cookie: a=b.jpg', 'x__Set-Cookie_ a=b.png', 'x__Set-Cookie_%20a%3Db.png'],
  ['../../etc/passwd', 'passwd.png', 'passwd.png'],
  ['..', 'picture.png', 'picture.png'],
  ['C:\\photos\\.hidden.jpg', 'hidden.png', 'hidden.png'],
  ['😀 caf\u00e9.jpg', '_ caf_.png', '%F0%9F%98%80%20caf%C3%A9.png'],
  ["it's (1)%.jpg", "it's (1)_.png", 'it%27s%20%281%29%25.png'],
  ['\ud800.jpg', '_.png', '%EF%BF%BD.png'],
  ['', 'picture.png', 'picture.png'],
])('names the picture of %j', (fileName, ascii, encoded) => {
  expect(contentDisposition(fileName, '.png')).toBe(
    `inline; filename="${ascii}"; filename*=UTF-8''${encoded}`,
  );
});

test('bounds names and warnings, in ASCII', () => {
  expect(contentDisposition('é'.repeat(5000), '.png').length).toBeLessThan(1000);
  const result = {
    outputs: [{ proof: { outside: 'touched-blocks', comparedPixels: 9, differingPixels: 4 } }],
    report: {
      engine: 'some:model',
      warnings: ['breiter\nals hoch', `ü${'x'.repeat(9000)}`],
      droppedMetadata: ['thumbnail', 'gain map'],
    },
    costEstimateUsd: 0.1 + 0.2,
  } as unknown as EditResult;
  const { 'Inpaint-Warnings': warnings = '', ...others } = editHeaders(result);
  expect(warnings).toMatch(/^breiter als hoch \| {2}x+$/);
  expect(warnings.length).toBe(2000);
  expect(others).toEqual({
    'Inpaint-Engine': 'some:model',
    'Inpaint-Proof': 'touched-blocks; differing=4',
    'Inpaint-Candidates': '1',
    'Inpaint-Cost-Usd': '0.3',
    'Inpaint-Dropped-Metadata': 'thumbnail, gain map',
  });
});
