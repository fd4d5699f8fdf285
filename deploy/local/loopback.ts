import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export const LOOPBACK = '127.0.0.1';
/** Clients reuse connections for a minute; closing one under a request would look like a fault. */
const KEEP_ALIVE_MS = 120_000;

/**
 * A server on loopback.
 *
 * @param port 0 takes any free port.
 * @throws {Error} naming the port when another program has it.
 */
export async function listen(port: number): Promise<Server> {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 0 });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const message = `Port ${port} is taken: is npm start already running? Set PORT to another.`;
      reject(cause.code === 'EADDRINUSE' ? new Error(message, { cause }) : cause);
    });
    server.listen(port, LOOPBACK, resolve);
  });
  return server;
}

export const urlOf = (server: Server): string =>
  `http://${LOOPBACK}:${(server.address() as AddressInfo).port}`;

/** Stops at once, and breaks connections that are kept alive or wait for an answer. */
export async function stop(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/**
 * Host of a request without its port. A web page may reach loopback under a host name of its own: that is
 * refused.
 */
export const hostOf = ({ headers }: IncomingMessage): string => (headers.host ?? '').replace(/:\d+$/, '');

export const isLoopback = (host: string): boolean => ['localhost', LOOPBACK, '[::1]'].includes(host);
