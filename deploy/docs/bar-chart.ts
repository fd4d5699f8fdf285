interface Bar {
  readonly label: string;
  /** At least 0. */
  readonly value: number;
  /** What stands behind the bar. */
  readonly text: string;
  /** Ours, beside what it is compared with. */
  readonly isOurs?: boolean;
}

const width = 720;
const labelWidth = 250;
const textWidth = 110;
const rowHeight = 26;
const barHeight = 16;
const headHeight = 34;
/** Greys and blues that can be read on white and on black. */
const colours = { text: '#7d8590', ours: '#2f81f7', other: '#8b949e' };

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Bars beside each other as SVG, on no background of its own. */
export function barChart(title: string, bars: readonly Bar[]): string {
  const height = headHeight + bars.length * rowHeight + 8;
  const largest = Math.max(...bars.map(({ value }) => value)) || 1;
  const perUnit = (width - labelWidth - textWidth) / largest;
  const rows = bars.map(({ label, value, text, isOurs }, n) => {
    const top = headHeight + n * rowHeight;
    const [middle, length] = [top + barHeight / 2 + 4.5, Math.max(1, value * perUnit)];
    return [
      `<text x="${labelWidth - 10}" y="${middle}" text-anchor="end">${escaped(label)}</text>`,
      `<rect x="${labelWidth}" y="${top}" width="${length.toFixed(1)}" height="${barHeight}" rx="3" fill="${isOurs ? colours.ours : colours.other}"/>`,
      `<text x="${(labelWidth + length + 8).toFixed(1)}" y="${middle}">${escaped(text)}</text>`,
    ].join('\n');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}" font-family="system-ui, sans-serif" font-size="13" fill="${colours.text}">
<text x="0" y="16" font-size="15" font-weight="600">${escaped(title)}</text>
${rows.join('\n')}
</svg>
`;
}
