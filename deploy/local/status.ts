import { runStatus } from './status-command.ts';

/** `npm run status`: what has become of every picture. */
const { argv, env: environment, stdout: out, stderr: err } = process;
process.exitCode = await runStatus({ args: argv.slice(2), environment, out, err });
