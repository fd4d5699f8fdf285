import type { Config } from '../../lib/config.ts';
import type { Fault, Google } from './google.ts';

/** A deployment, or the place for one. */
export interface Place {
  readonly project: string;
  /** The number of the project: agents of Google are named by it. */
  readonly number: string;
  readonly region: string;
  /** First part of every name: `inpaint`, or `inpaint-trial` of `deploy/deploy.sh`. */
  readonly name: string;
  readonly google: Google;
  /** The settings that the functions have, or would have. */
  readonly config: Config;
  readonly isDeployed: boolean;
  /** Between two looks at what is under way. */
  readonly wait: (ms: number) => Promise<unknown>;
}

/** Looks at one thing. @returns what is wrong; empty when all is well. */
export interface Check {
  readonly title: string;
  readonly faults: (place: Place) => Promise<readonly Fault[]>;
}

export const isTrial = ({ name }: Pick<Place, 'name'>): boolean => name === 'inpaint-trial';

/** The command that makes everything again that was removed by hand. */
export const deployAgain = (place: Place): string =>
  isTrial(place) ? `deploy/deploy.sh ${place.project} ${place.region}` : 'terraform apply';

export const bucketOf = ({ project, name }: Place, purpose: string): string =>
  `${project}-${name}-${purpose}`;

export const functionUrl = (
  { project, region, name }: Pick<Place, 'project' | 'region' | 'name'>,
  own: string,
): string =>
  `https://cloudfunctions.googleapis.com/v2/projects/${project}/locations/${region}/functions/${name}-${own}`;

/** An identity of the deployment. */
export const accountOf = ({ name, project }: Pick<Place, 'name' | 'project'>, own: string): string =>
  `${name}-${own}@${project}.iam.gserviceaccount.com`;
