/** What people chose in the form, for each engine; kept in this browser. */
export interface Memory {
  engine: string;
  mode: string;
  /** Engine -> field -> value. */
  readonly values: Record<string, Record<string, string>>;
  /** A run that may cost more is asked about, USD. */
  askFromUsd: number;
}

export const usualAskFromUsd = 0.05;

const key = 'form';

export function readMemory(): Memory {
  const empty: Memory = { engine: '', mode: '', values: {}, askFromUsd: usualAskFromUsd };
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? '{}');
    return { ...empty, ...(kept as Partial<Memory>) };
  } catch {
    return empty;
  }
}

export const saveMemory = (memory: Memory): void => localStorage.setItem(key, JSON.stringify(memory));
export const forgetMemory = (): void => localStorage.removeItem(key);
