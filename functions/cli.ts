import { run } from './cli/run.ts';

/** The command `gcs-inpaint`: edits photos on this machine, or sends them to a server. */

// `npm run edit` runs in the folder of the repository: paths are meant from where it was typed.
const { npm_package_name: caller, npm_lifecycle_event: script, INIT_CWD: typedIn } = process.env;
if (caller === 'gcs-inpaint' && script === 'edit' && typedIn) process.chdir(typedIn);

const interrupted = new AbortController();
process.on('SIGINT', () => {
  // Who presses twice does not want to wait.
  if (interrupted.signal.aborted) process.exit(130);
  interrupted.abort();
});

const isTerminal = process.stderr.isTTY === true && !process.env['CI'] && process.env['TERM'] !== 'dumb';
process.exitCode = await run({
  args: process.argv.slice(2),
  environment: process.env,
  signal: interrupted.signal,
  streams: {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    isTerminal,
    columns: process.stderr.columns ?? 80,
  },
});
