/** What people chose in the form, for each engine; kept in this browser. */
export interface Memory {
  engine: string;
  mode: string;
  /** Engine -> field -> value. */
  readonly values: Record<string, Record<string, string>>;
}

const key = 'form';

export function readMemory(): Memory {
  const empty: Memory = { engine: '', mode: '', values: {} };
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? '{}');
    return { ...empty, ...(kept as Partial<Memory>) };
  } catch {
    return empty;
  }
}

export const saveMemory = (memory: Memory): void => localStorage.setItem(key, JSON.stringify(memory));
export const forgetMemory = (): void => localStorage.removeItem(key);
