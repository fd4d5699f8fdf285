import { parentPort } from 'node:worker_threads';
import { fromHalf, netSidePx, runNet } from './net.ts';
import { layers, weights } from './weights.ts';

/** What the worker is sent, once: 256 x 256 x 3, 8 bit sRGB. It posts 256 x 256 x 1, 255 = a person. */
export type PeopleTask = Uint8Array;

/** Where people are. @param picture 256 x 256 x 3. @returns 256 x 256 x 1, 0 to 255. */
export function findPeople(picture: PeopleTask): Uint8Array<ArrayBuffer> {
  const data = Float32Array.from(picture, (value) => value / 255);
  const size = { width: netSidePx, height: netSidePx };
  const net = { layers, weights: fromHalf(Buffer.from(weights, 'base64')) };
  const found = runNet(net, { ...size, channels: 3, data });
  return Uint8Array.from(found.data, (value) => Math.round(255 * value));
}

// Once it no longer listens, the thread ends.
parentPort?.once('message', (task: PeopleTask) => {
  const mask = findPeople(task);
  parentPort?.postMessage(mask, [mask.buffer]);
});
