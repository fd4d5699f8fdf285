// Compiles to dist/ after `npm ci`, so that the framework's own command finds the entry point. Where only the
// production dependencies are installed there is no compiler, and dist/ came with the upload.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const compiler = 'node_modules/typescript/bin/tsc';
if (existsSync(compiler)) {
  const { status } = spawnSync(process.execPath, [compiler, '--project', 'tsconfig.build.json'], {
    stdio: 'inherit',
  });
  process.exit(status ?? 1);
}
