import domain from 'node:domain';
import { cloudEvent } from '@google-cloud/functions-framework';
import { expect, test } from 'vitest';
import { replaceDomains } from '../../functions/domains.ts';
import { serveFunction } from '../support/listening.ts';

test('a function runs in no domain of node, and what it rejects with is answered', async () => {
  replaceDomains();
  const ran: boolean[] = [];
  cloudEvent('domainsTest', () => {
    ran.push(Reflect.get(process, 'domain') instanceof domain.Domain);
    return ran.length > 1 ? Promise.reject(new Error('of the test')) : Promise.resolve();
  });
  const url = await serveFunction('domainsTest');
  const post = async () =>
    (await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }))
      .status;
  expect([await post(), await post()]).toEqual([204, 500]);
  expect(ran).toEqual([false, false]);
});
