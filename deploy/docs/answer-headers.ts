import { answerHeaders } from '../../functions/picture-headers.ts';
import { markdownTable } from './markdown.ts';

/** The headers of an answer, for docs/http.md. */
export const headersTable = (): string =>
  markdownTable(
    ['header', 'what it tells'],
    Object.entries(answerHeaders).map(([name, meaning]) => [`\`${name}\``, meaning]),
  );
