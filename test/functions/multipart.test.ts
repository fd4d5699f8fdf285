import type { Request } from '@google-cloud/functions-framework';
import { expect, test } from 'vitest';
import { readForm } from '../../functions/multipart.ts';

test('the body of a form is let go once its files are read', async () => {
  const form = new FormData();
  form.set('image', new Blob([Uint8Array.of(1, 2, 3)]), 'a.png');
  const sent = new Response(form);
  const rawBody = Buffer.from(await sent.clone().arrayBuffer());
  const headers = Object.fromEntries(sent.headers);
  const request = { headers, rawBody, body: rawBody } as unknown as Request;
  const { files } = await readForm(request, { maxFileBytes: 10, files: ['image'] });
  expect(files.get('image')).toEqual({ bytes: Buffer.from([1, 2, 3]), fileName: 'a.png' });
  expect([request.rawBody, request.body]).toEqual([undefined, undefined]);
});
