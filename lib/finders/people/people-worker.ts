import { parentPort } from 'node:worker_threads';
import type { Mask, Raster } from '../../pixels/raster.ts';
import { peopleIn } from './people-in.ts';

/** What the worker is sent, once: H x W x 3, 8 bit sRGB. */
export type PeopleTask = Raster;
/** What it posts, once: H x W x 1, 255 = a person. */
export type PeopleAnswer = Mask;

// Once it no longer listens, the thread ends.
parentPort?.once('message', (task: PeopleTask) => parentPort?.postMessage(peopleIn(task)));
