import { type Block, type Folder, isUnset, nestedAll, type Rule } from './configuration.ts';

const foldersOf = ({ root, modules }: Parameters<Rule>[1]): [string, Folder][] => [
  ['', root],
  ...Object.entries(modules).map(([path, folder]): [string, Folder] => [`${path}: `, folder]),
];

/** `0 to 10`, `0.01 to 500`, `0 or more`. */
const range = /\d[\d.]* to \d|\d or more/;

/** Descriptions, types, and a check wherever a range is promised; of what people set always. */
export const variablesAreDescribed: Rule = (_, configuration) =>
  foldersOf(configuration).flatMap(([place, { variable }]) =>
    Object.entries(variable).flatMap(([name, body]) => {
      const description = String(body['description'] ?? '');
      const isChecked = nestedAll(body, 'validation').length > 0;
      const isSetByPeople = place === '';
      return [
        ...missing(body, ['description', 'type']),
        ...(!isChecked && (isSetByPeople || range.test(description))
          ? ['expected a validation, got none']
          : []),
        ...(isSetByPeople && 'default' in body && !/\bdefaults?\b/i.test(description)
          ? ['expected the description to name the default']
          : []),
      ].map((fault) => `${place}var.${name}: ${fault}`);
    }),
  );

export const outputsAreDescribed: Rule = (_, configuration) =>
  foldersOf(configuration).flatMap(([place, { output }]) =>
    Object.entries(output).flatMap(([name, body]) =>
      missing(body, ['description', 'value']).map((fault) => `${place}output.${name}: ${fault}`),
    ),
  );

const missing = (body: Block, names: readonly string[]): string[] =>
  names.filter((name) => isUnset(body[name])).map((name) => `expected ${name}, got none`);
