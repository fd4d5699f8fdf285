import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, symlink, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
export const repository = resolve(import.meta.dirname, '../..');

/**
 * Lists the files below `root` that an upload takes along, by its `.gcloudignore`. git reads such a file as
 * gcloud does: outside of a repository every file is untracked, and only the given patterns exclude any.
 *
 * @see https://cloud.google.com/sdk/gcloud/reference/topic/gcloudignore
 */
export async function uploadedFiles(root: string): Promise<string[]> {
  const gitDir = await mkdtemp(join(tmpdir(), 'upload-'));
  try {
    await run('git', ['init', '--quiet', '--bare', gitDir]);
    const git = [`--git-dir=${gitDir}`, `--work-tree=${root}`, '-c', 'core.quotePath=false'];
    const list = ['ls-files', '--others', `--exclude-from=${join(root, '.gcloudignore')}`];
    const { stdout } = await run('git', [...git, ...list], { cwd: root, maxBuffer: 64 * 1024 * 1024 });
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .sort();
  } finally {
    await rm(gitDir, { recursive: true });
  }
}

/** Copies what would be uploaded into an empty folder. */
export async function pack(folder: string): Promise<void> {
  for (const file of await uploadedFiles(repository)) {
    await cp(join(repository, file), join(folder, file), { recursive: true });
  }
  // Without the packages that only tests need.
  for (const file of ['package.json', 'package-lock.json']) {
    await cp(join(repository, 'deploy/cloud', file), join(folder, file));
  }
}

// Fails at once when the registry cannot be reached; npm's own defaults wait for minutes.
const npmFlags = ['--quiet', '--no-fund', '--no-audit', '--fetch-retries=0', '--fetch-timeout=20000'];
/** Errors of npm when it cannot reach the registry and its cache lacks a package. */
const offline = /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED)\b/;

async function npm(folder: string, environment: 'development' | 'production', ...args: string[]) {
  // Scripts run on the Node of this test, as with `npm test`.
  const path = `${dirname(process.execPath)}:${process.env['PATH']}`;
  await run('npm', args, { cwd: folder, env: { ...process.env, PATH: path, NODE_ENV: environment } });
}

/**
 * Builds as Google's npm buildpack does when there is a `gcp-build` script: installs the development
 * dependencies, runs the script, removes what only the build needed.
 *
 * @returns false when the registry cannot be reached.
 * @see https://github.com/GoogleCloudPlatform/buildpacks/blob/main/cmd/nodejs/npm/main.go
 */
export async function buildAsBuildpack(folder: string): Promise<boolean> {
  return whenOnline(async () => {
    await npm(folder, 'development', 'ci', ...npmFlags);
    await npm(folder, 'production', 'run', 'gcp-build');
    await npm(folder, 'production', 'prune', ...npmFlags);
  });
}

/**
 * Gives the same result in a third of the time: the script runs on the development dependencies of this
 * checkout, and only the production dependencies are installed.
 *
 * @returns false when the registry cannot be reached.
 */
export async function buildQuickly(folder: string): Promise<boolean> {
  const modules = join(folder, 'node_modules');
  await symlink(join(repository, 'node_modules'), modules);
  await npm(folder, 'production', 'run', 'gcp-build');
  // Unlinked, before npm empties the folder it points at.
  await unlink(modules);
  return whenOnline(() => npm(folder, 'production', 'ci', '--prefer-offline', ...npmFlags));
}

async function whenOnline(install: () => Promise<void>): Promise<boolean> {
  try {
    await install();
    return true;
  } catch (error) {
    if (offline.test((error as { stderr?: string }).stderr ?? '')) return false;
    throw error;
  }
}
