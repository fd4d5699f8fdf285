import { z } from 'zod';
import { readConfig } from '../../lib/config.ts';
import { asEditError } from '../../lib/errors.ts';
import { deployedSettings } from './deployment.ts';
import { type Fault, read, refused } from './google.ts';
import type { Place } from './place.ts';

type Address = Pick<Place, 'project' | 'region' | 'name' | 'google' | 'wait'>;

/**
 * The deployment of this name with the settings that it has; where there is none, those of the environment.
 */
export async function openPlace(
  address: Address,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Place | Fault> {
  const { project, google } = address;
  const reply = await google(`https://cloudresourcemanager.googleapis.com/v1/projects/${project}`);
  const number = read(reply, z.object({ projectNumber: z.string() }))?.projectNumber;
  if (number === undefined) {
    return refused(reply, `the project ${project} to answer`, 'gcloud auth application-default login');
  }
  const deployed = await deployedSettings({ ...address, number });
  const settings = deployed ?? { ENGINE: 'gemini', ...environment, GOOGLE_CLOUD_PROJECT: project };
  try {
    return { ...address, number, config: readConfig(settings), isDeployed: deployed !== undefined };
  } catch (thrown) {
    const { message, remedy } = asEditError(thrown);
    return { message, mend: remedy };
  }
}
