import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getTestServer } from '@google-cloud/functions-framework/testing';

/** Listens on a free port of loopback; its base URL. */
export async function listenOn(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Serves a registered function behind the real framework, until the tests of the file end; its URL. */
export async function serveFunction(name: string): Promise<string> {
  return `${await listenOn(getTestServer(name).unref())}/`;
}
