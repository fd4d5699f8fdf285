import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export const LOOPBACK = '127.0.0.1';
/** Clients reuse connections for a minute; closing one under a request would look like a fault. */
const KEEP_ALIVE_MS = 120_000;

/** @throws {Error} naming the port when another program has it. */
export async function listen(port: number): Promise<Server> {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 0 });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const isTaken = cause.code === 'EADDRINUSE';
      const message = `Expected port ${port} of ${LOOPBACK} to be free, another program has it`;
      reject(isTaken ? new Error(message, { cause }) : cause);
    });
    server.listen(port, LOOPBACK, resolve);
  });
  return server;
}

export const urlOf = (server: Server): string =>
  `http://${LOOPBACK}:${(server.address() as AddressInfo).port}`;

/** Stops at once: kept-alive and hanging connections too. */
export async function stop(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
