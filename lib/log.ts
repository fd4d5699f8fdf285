/** Structured logging as the library needs it: one line for each message, facts as fields. Never prompts, bytes or tokens. */
export interface Log {
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
}
