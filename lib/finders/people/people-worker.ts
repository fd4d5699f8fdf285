import { parentPort } from 'node:worker_threads';
import type { Raster } from '../../pixels/raster.ts';
import { type People, peopleIn } from './people-in.ts';

/** What the worker is sent, once: H x W x 3, 8 bit sRGB. */
export type PeopleTask = Raster;
/** What it posts, once. */
export type PeopleAnswer = People;

// Once it no longer listens, the thread ends.
parentPort?.once('message', (task: PeopleTask) => parentPort?.postMessage(peopleIn(task)));
