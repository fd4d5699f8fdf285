/**
 * What all instances of one function may have in one region of a project nobody has asked more for: Cloud Run
 * compares it with the most instances a function may have, when that is deployed.
 *
 * @see https://cloud.google.com/run/quotas
 */
const newProject = { cpu: 20, gib: 40 } as const;

interface Size {
  /** vCPU of one instance. */
  readonly cpu: number;
  /** Memory of one instance as deployments write it: `512Mi`, `4Gi`. */
  readonly memory: string;
  readonly maxInstances: number;
}

export const fitsNewProject = ({ cpu, memory, maxInstances }: Size): boolean =>
  cpu * maxInstances <= newProject.cpu && gibOf(memory) * maxInstances <= newProject.gib;

function gibOf(memory: string): number {
  const [, amount, unit] = /^(\d+)(Mi|Gi)$/.exec(memory) ?? [];
  if (amount === undefined) throw new Error(`Expected memory such as 4Gi, got ${memory}`);
  return Number(amount) / (unit === 'Gi' ? 1 : 1024);
}
