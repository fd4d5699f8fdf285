/** After so long without the head of an answer, the `fetch` of Node gives up by itself. */
export const fetchPatienceMs = 300_000;

type Dispatcher = NonNullable<RequestInit['dispatcher']>;
type MakeAgent = new (options: {
  readonly headersTimeout: number;
  readonly bodyTimeout: number;
}) => Dispatcher;

/** Where Node keeps the agent of its `fetch`; the symbol is the same in all versions of undici. */
const agentKey = Symbol.for('undici.globalDispatcher.1');

/**
 * What `fetch` needs to wait longer than it would: an agent like that of this process, with other limits.
 * An answer that was given up after it was paid for would be paid for again.
 *
 * @param ms how long an answer may take until it begins, and between its parts.
 */
export async function patientInit(ms: number): Promise<RequestInit> {
  // The agent is there after the first use of `fetch`.
  await fetch('data:,');
  const agent = (globalThis as { readonly [agentKey]?: Dispatcher })[agentKey];
  if (agent === undefined) return {};
  const Agent = agent.constructor as MakeAgent;
  return { dispatcher: new Agent({ headersTimeout: ms, bodyTimeout: ms }) };
}
