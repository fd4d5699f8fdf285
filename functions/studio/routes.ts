import { jsonSender } from '../http.ts';
import type { Route } from './context.ts';
import { fileRoutes } from './files.ts';
import { jobRoutes } from './jobs.ts';
import openapi from './openapi.json' with { type: 'json' };
import { pageRoutes } from './page-files.ts';
import { planRoutes } from './plan.ts';
import { uploadRoutes } from './uploads.ts';

/** Every address of the studio. */
export const routes: readonly Route[] = [
  {
    method: 'GET',
    path: /^\/openapi\.json$/,
    answer: async ({ response }) => ({ send: jsonSender(response, openapi) }),
  },
  {
    method: 'GET',
    path: /^\/capabilities$/,
    answer: async ({ response }, { capabilities }) => ({
      send: jsonSender(response, await capabilities()),
    }),
  },
  ...pageRoutes,
  ...planRoutes,
  ...jobRoutes,
  ...fileRoutes,
  ...uploadRoutes,
];
