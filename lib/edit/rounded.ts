/** To hundredths: more digits of a measurement would be noise in a report. */
export function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
