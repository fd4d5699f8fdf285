/** The run whose result is shown, or that is waited for, is part of the address of the page: `#job=...`. */
const jobPattern = /^#job=([0-9a-f]{16})$/;

export const jobInAddress = (): string | undefined => jobPattern.exec(location.hash)?.[1];

export function setJobInAddress(id: string | undefined): void {
  if (id === jobInAddress()) return;
  history.replaceState(null, '', id === undefined ? location.pathname + location.search : `#job=${id}`);
}
