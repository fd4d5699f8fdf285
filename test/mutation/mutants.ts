import { parseAst } from 'rolldown/parseAst';

/** One small change of a source that its tests should notice. */
export interface Mutant {
  readonly start: number;
  readonly end: number;
  readonly put: string;
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly operator?: string;
  readonly value?: unknown;
  readonly raw?: string;
  readonly [key: string]: unknown;
}

const others: Readonly<Record<string, string>> = {
  ...{ '<': '<=', '<=': '<', '>': '>=', '>=': '>', '===': '!==', '!==': '===' },
  ...{ '+': '-', '-': '+', '*': '/', '/': '*', '%': '*', '<<': '>>', '>>': '<<', '>>>': '<<' },
  ...{ '&': '|', '|': '&', '^': '&', '&&': '||', '||': '&&', '??': '&&' },
};

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';

/** All mutants of a TypeScript source: other operators, numbers, conditions, and calls that are left out. */
export function mutantsOf(source: string): readonly Mutant[] {
  const found: Mutant[] = [];
  visit(parseAst(source, { lang: 'ts' }) as unknown as Node, source, found);
  return found;
}

function visit(node: Node, source: string, found: Mutant[]): void {
  // Types are no code.
  if (node.type.startsWith('TS') && !/^TS(AsExpression|NonNull|Satisfies)/.test(node.type)) return;
  found.push(...mutantsAt(node, source));
  for (const value of Object.values(node).flat()) if (isNode(value)) visit(value, source, found);
}

function mutantsAt(node: Node, source: string): Mutant[] {
  const { type, start, end, operator = '' } = node;
  const text = (part: unknown) => (isNode(part) ? source.slice(part.start, part.end) : '');
  const { left, right } = node;
  if ((type === 'BinaryExpression' || type === 'LogicalExpression') && isNode(left) && isNode(right)) {
    const other = others[operator];
    const between = source.slice(left.end, right.start);
    if (other === undefined) return [];
    return [{ start: left.end, end: right.start, put: between.replace(operator, other) }];
  }
  if (type === 'IfStatement' || type === 'ConditionalExpression') {
    const test = node['test'];
    return isNode(test) ? [{ start: test.start, end: test.end, put: `!(${text(test)})` }] : [];
  }
  if (type === 'Literal' && typeof node.value === 'number') {
    return [{ start, end, put: String(node.value + 1) }];
  }
  if (type === 'Literal' && typeof node.value === 'boolean')
    return [{ start, end, put: String(!node.value) }];
  const expression = node['expression'];
  if (type === 'ExpressionStatement' && isNode(expression) && /Call|Await/.test(expression.type)) {
    return [{ start, end, put: ';' }];
  }
  return [];
}
