import { createRequire } from 'node:module';

type ParseHcl = (filename: string, text: string) => Promise<Record<string, unknown>>;

/** Required, not imported: the package's types would bring those of browsers into the whole project. */
const { parse } = createRequire(import.meta.url)('@cdktf/hcl2json') as { readonly parse: ParseHcl };

/** Blocks become arrays, expressions stay text: `${...}`. */
export const parseHcl: ParseHcl = parse;
