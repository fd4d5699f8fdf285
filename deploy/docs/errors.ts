import { EditError, type ErrorKind, errorCodes } from '../../lib/errors.ts';
import { markdownTable } from './markdown.ts';

const kinds: Readonly<Record<ErrorKind, string>> = {
  input: 'The sender must change something. A request gets the status; a job ends with `error.json`.',
  passing: 'The same request may succeed later. A request gets the status; a job is tried again.',
  setup: 'The operator must change something. Jobs wait and keep their budgets.',
  bug: 'A fault of this program. Error Reporting has the stack.',
};

/** `docs/errors.md`: the table of `lib/errors.ts`. */
export function errorsDocument(): string {
  const tables = Object.entries(kinds).map(([kind, meaning]) => {
    const rows = errorCodes
      .map((code) => new EditError(code, ''))
      .filter((error) => error.kind === kind)
      .map(({ code, status, remedy }) => [`\`${code}\``, String(status), remedy]);
    return `## ${kind}\n\n${meaning}\n\n${markdownTable(['code', 'status', 'what to do'], rows)}\n`;
  });
  return `# Errors

Every error has a code. HTTP answers carry it with the status below; \`error.json\` and log lines carry the code.
\`npm run docs\` writes this page from \`lib/errors.ts\`.

${tables.join('\n')}`;
}
