import { execFile, spawnSync } from 'node:child_process';

/** Terraform asks a server for newer versions of itself otherwise. */
const env = { ...process.env, CHECKPOINT_DISABLE: '1', TF_IN_AUTOMATION: '1' };

interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
}

/** Whatever it ends with: what is wrong stands in `stderr`. */
export function runTerraform(args: readonly string[], cwd?: string): Promise<Outcome> {
  const options = { cwd, env, maxBuffer: 64 * 1024 * 1024 };
  return new Promise((resolve) => {
    execFile('terraform', args, options, (_, stdout, stderr) => resolve({ stdout, stderr }));
  });
}

/** As `deploy/terraform/versions.tf` requires. */
const least = [1, 9] as const;

/** Is a Terraform here that can read the files? */
export function isTerraformThere(): boolean {
  const { stdout } = spawnSync('terraform', ['version', '-json'], { env, encoding: 'utf8' });
  const version = /"terraform_version":\s*"(\d+)\.(\d+)/.exec(stdout ?? '');
  const [major, minor] = [Number(version?.[1]), Number(version?.[2])];
  return major > least[0] || (major === least[0] && minor >= least[1]);
}
