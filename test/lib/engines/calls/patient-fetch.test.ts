import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { patientInit } from '../../../../lib/engines/calls/patient-fetch.ts';

it('waits for an answer as long as it is told', async () => {
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  try {
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const waited = fetch(url, await patientInit(1));
    await expect(waited).rejects.toMatchObject({ cause: { code: 'UND_ERR_HEADERS_TIMEOUT' } });
  } finally {
    silent.closeAllConnections();
    silent.close();
  }
});
