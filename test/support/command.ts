import { type ParseArgsConfig, parseArgs } from 'node:util';

/**
 * Options and words of a command. With `--help`, or an option that it does not know, it prints its usage and
 * ends the process.
 */
export function commandLine<Config extends ParseArgsConfig>(usage: string, config: Config) {
  try {
    if (!process.argv.includes('--help')) return parseArgs(config);
    console.log(usage);
    process.exit();
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
    process.exit(2);
  }
}
