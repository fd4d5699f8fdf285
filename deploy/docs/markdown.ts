/** A table in Markdown. Columns of numbers are aligned on the right. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rules = head.map((_, column) => (rows.every((row) => isNumber(row[column])) ? '---:' : '---'));
  return [line(head), `|${rules.join('|')}|`, ...rows.map(line)].join('\n');
}

const isNumber = (cell: string | undefined): boolean => /^(\d[\d.]*|-)$/.test(cell ?? '');
