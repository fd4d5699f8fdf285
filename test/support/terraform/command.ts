import { spawnSync } from 'node:child_process';

/** Terraform asks a server for newer versions of itself otherwise. */
const env = { ...process.env, CHECKPOINT_DISABLE: '1', TF_IN_AUTOMATION: '1' };

interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
}

export function runTerraform(args: readonly string[], cwd?: string): Outcome {
  return spawnSync('terraform', args, { cwd, env, encoding: 'utf8' });
}

/** As `deploy/terraform/versions.tf` requires. */
const least = [1, 9] as const;

/** Is a Terraform here that can read the files? */
export function isTerraformThere(): boolean {
  const { stdout } = runTerraform(['version', '-json']);
  const version = /"terraform_version":\s*"(\d+)\.(\d+)/.exec(stdout ?? '');
  const [major, minor] = [Number(version?.[1]), Number(version?.[2])];
  return major > least[0] || (major === least[0] && minor >= least[1]);
}
