/**
 * Writes the documents, and parts of documents, that follow from code: `npm run docs`. `--formats` also
 * writes docs/formats.md, which takes half a minute because every kind of file is edited; `--gallery` the
 * pictures of docs/gallery.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { headersTable } from './answer-headers.ts';
import { costsChart, memoryChart, speedChart } from './charts.ts';
import { cloudLock, cloudPackage } from './cloud-package.ts';
import { configurationDocument } from './configuration.ts';
import { costsTable, scaleTable } from './costs.ts';
import { errorsDocument } from './errors.ts';
import { guaranteesDocument } from './guarantees.ts';
import { openapiDocument } from './openapi.ts';
import { parametersDocument } from './parameters.ts';
import { rightsTable } from './rights.ts';
import { terraformSettings } from './terraform-settings.ts';
import { trialDocument } from './trial.ts';

interface Made {
  readonly file: string;
  /** The part between `<!-- made: PART -->` and `<!-- /made -->`; the whole file where there is none. */
  readonly part?: string;
  readonly write: () => string | Promise<string>;
}

const documents: readonly Made[] = [
  { file: 'docs/configuration.md', write: configurationDocument },
  { file: 'docs/parameters.md', write: parametersDocument },
  { file: 'functions/studio/openapi.json', write: openapiDocument },
  { file: 'docs/errors.md', write: errorsDocument },
  { file: 'docs/guarantees.md', write: guaranteesDocument },
  { file: 'docs/trial.md', write: trialDocument },
  { file: 'docs/http.md', part: 'headers', write: headersTable },
  { file: 'docs/operate.md', part: 'costs', write: costsTable },
  { file: 'docs/operate.md', part: 'scale', write: scaleTable },
  { file: 'docs/security.md', part: 'rights', write: rightsTable },
  { file: 'deploy/terraform/settings.tf', write: terraformSettings },
  { file: 'deploy/cloud/package.json', write: cloudPackage },
  { file: 'deploy/cloud/package-lock.json', write: cloudLock },
  { file: 'docs/images/costs.svg', write: costsChart },
  { file: 'docs/images/speed.svg', write: speedChart },
  { file: 'docs/images/memory.svg', write: memoryChart },
];

const formats: Made = {
  file: 'docs/formats.md',
  write: async () => (await import('./formats.ts')).formatsDocument(),
};

const root = join(import.meta.dirname, '../..');

async function make({ file, part, write }: Made): Promise<void> {
  const path = join(root, file);
  const text = await write();
  writeFileSync(path, part === undefined ? text : withPart(readFileSync(path, 'utf8'), part, text));
}

/** @throws when the document has no such part. */
function withPart(document: string, part: string, text: string): string {
  const start = `<!-- made: ${part} -->\n`;
  const from = document.indexOf(start);
  const to = document.indexOf('<!-- /made -->', from);
  if (from < 0 || to < 0) throw new Error(`Expected "${start.trim()}" and "<!-- /made -->", found none`);
  return `${document.slice(0, from)}${start}\n${text}\n\n${document.slice(to)}`;
}

for (const document of documents) await make(document);
if (process.argv.includes('--formats')) await make(formats);
if (process.argv.includes('--gallery')) await (await import('./gallery.ts')).writeGallery();
