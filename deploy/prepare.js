// Builds dist/ after `npm ci`, so that the framework's own command finds the entry point. Where only the production
// dependencies are installed there is no bundler, and dist/ was built before, by `gcp-build`.
import { existsSync } from 'node:fs';

if (existsSync('node_modules/rolldown')) await import('./build.js');
