// Builds the kernels and dist/ after `npm ci`, so that the command of the framework finds the entry point. A production install has no
// bundler and no compiler; there `gcp-build` has already built both.
import { existsSync } from 'node:fs';

if (existsSync('node_modules/rolldown')) await import('./build.js');
