import { createServer } from 'node:http';
import { expect, it } from 'vitest';
import { patientInit } from '../../../../lib/engines/calls/patient-fetch.ts';
import { listenOn } from '../../../support/listening.ts';

it('waits for an answer as long as it is told', async () => {
  const silent = createServer(() => {});
  try {
    const waited = fetch(await listenOn(silent), await patientInit(1));
    await expect(waited).rejects.toMatchObject({ cause: { code: 'UND_ERR_HEADERS_TIMEOUT' } });
  } finally {
    silent.closeAllConnections();
    silent.close();
  }
});
