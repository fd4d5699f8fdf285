/** One command of gcloud: its words as the shell hands them over, without `gcloud` itself. */
export interface GcloudCommand {
  /** What is not a flag: groups, command, positional arguments. */
  readonly words: readonly string[];
  /** `--name=value` -> value; `--name` -> ''. */
  readonly flags: ReadonlyMap<string, string>;
  readonly line: string;
}

/** Finds every command of gcloud in a shell script. Comments are left out. */
export function gcloudCommands(script: string): GcloudCommand[] {
  const joined = script.replaceAll(/\\\n\s*/g, '').replaceAll(/^\s*#.*$/gm, '');
  return [...joined.matchAll(/(?:^|[|&;(\n])\s*gcloud (?=\S)/g)].map((match) =>
    commandOf(shellWords(joined.slice(match.index + match[0].length))),
  );
}

/** The words up to the first operator of the shell. Quotes are taken off; nothing is expanded. */
function shellWords(text: string): string[] {
  const [command = ''] = /^(?:'[^']*'|"[^"]*"|[^|&;()<>#\n'"])*/.exec(text) ?? [];
  const words = command.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? [];
  return words.map((word) => word.replaceAll(/'([^']*)'|"([^"]*)"/g, '$1$2'));
}

export function commandOf(all: readonly string[]): GcloudCommand {
  const flags = all
    .filter((word) => word.startsWith('--'))
    .map((word): [string, string] => {
      const [name = '', ...value] = word.split('=');
      return [name, value.join('=')];
    });
  return {
    words: all.filter((word) => !word.startsWith('--')),
    flags: new Map(flags),
    line: ['gcloud', ...all].join(' '),
  };
}

/** The fenced blocks of shell commands in a Markdown document. */
export function shellBlocks(markdown: string): string[] {
  return [...markdown.matchAll(/^```(?:sh|bash)\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block);
}
