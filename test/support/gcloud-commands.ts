/** One command of gcloud: its words as the shell hands them over, without `gcloud` itself. */
export interface GcloudCommand {
  /** What is not a flag: groups, command, positional arguments. */
  readonly words: readonly string[];
  /** `--name=value` -> value; `--name` -> ''. */
  readonly flags: ReadonlyMap<string, string>;
  readonly line: string;
}

const operators = /[|&;()<>#\n]/;

/** Every command of gcloud in a shell script, wherever a command may stand; comments are not looked into. */
export function gcloudCommands(script: string): GcloudCommand[] {
  const joined = script.replaceAll(/\\\n\s*/g, '').replaceAll(/^\s*#.*$/gm, '');
  return [...joined.matchAll(/(?:^|[|&;(\n])\s*gcloud (?=\S)/g)].map((match) =>
    commandOf(shellWords(joined.slice(match.index + match[0].length))),
  );
}

/** The words up to the first operator. Single and double quotes are taken off; nothing is expanded. */
function shellWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (const character of text) {
    if (quote !== '') {
      if (character === quote) quote = '';
      else word += character;
    } else if (character === "'" || character === '"') {
      quote = character;
      word ??= '';
    } else if (character === ' ' || operators.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      if (character !== ' ') return words;
    } else word = (word ?? '') + character;
  }
  return word === undefined ? words : [...words, word];
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
