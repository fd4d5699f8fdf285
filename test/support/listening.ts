import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { type GateOptions, guard } from '../../functions/gate.ts';
import { silentLog } from './job-world.ts';

/** Listens on a free port of loopback; its base URL. */
export async function listenOn(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/**
 * Serves a registered function behind the gate and the real framework, until the tests of the file end; its
 * URL.
 */
export async function serveFunction(name: string, gate: Partial<GateOptions> = {}): Promise<string> {
  const server = getTestServer(name).unref();
  guard(server, { log: silentLog, maxBodyBytes: 1e9, ...gate });
  return `${await listenOn(server)}/`;
}
