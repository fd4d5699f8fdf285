import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EditError, type ErrorCode, type ErrorKind, errorCodes } from '../../lib/errors.ts';

const kinds: Readonly<Record<ErrorKind, string>> = {
  input: 'The sender must change something. A request gets the status; a job ends with `error.json`.',
  passing: 'The same request may succeed later. A request gets the status; a job is tried again.',
  setup: 'The operator must change something. Jobs wait and keep their budgets.',
  bug: 'A fault of this program. Error Reporting has the stack.',
};

const root = join(import.meta.dirname, '../..');

/**
 * `docs/errors.md`: the table of `lib/errors.ts`, and for each code a test in which it comes up.
 *
 * @throws for a code that no test expects.
 */
export function errorsDocument(): string {
  const tests = testTexts();
  const sections = Object.entries(kinds).map(([kind, meaning]) => {
    const entries = errorCodes
      .map((code) => new EditError(code, ''))
      .filter((error) => error.kind === kind)
      .map(({ code, status, remedy }) => {
        const test = testOf(code, tests);
        return `### ${code}\n\nStatus ${status}. ${remedy} ([test](../${test}))`;
      });
    return `## ${kind}\n\n${meaning}\n\n${entries.join('\n\n')}\n`;
  });
  return `# Errors

Every error has a code. HTTP answers carry it with the status below; \`error.json\` and log lines carry the code. The \`type\` of a problem is
\`urn:gcs-inpaint:error:CODE\`, or with \`ERRORS_URL\` the address of its heading on this page. \`npm run docs\` writes this page from
\`lib/errors.ts\` and the tests; a code that no test expects stops it.

${sections.join('\n')}`;
}

function testTexts(): ReadonlyMap<string, string> {
  const files = globSync('test/**/*.test.ts', { cwd: root }).sort();
  return new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]));
}

/** A test that expects a code, one over HTTP first; one that only makes the error itself does not count. */
export function testOf(code: ErrorCode, tests: ReadonlyMap<string, string>): string {
  const expected = new RegExp(`(?<!EditError\\()['"\`][^'"\`]*\\b${code}\\b`);
  const files = [...tests].filter(([, text]) => expected.test(text)).map(([file]) => file);
  const [first] = ['test/functions/', 'test/lib/', ''].flatMap((folder) =>
    files.filter((file) => file.startsWith(folder)),
  );
  if (first === undefined) throw new Error(`Expected a test that expects ${code}, got none`);
  return first;
}
