import { pino, stdTimeFunctions } from 'pino';

/** Structured logging as the library needs it: one line for each message, facts as fields. Never prompts, bytes or tokens. */
export interface Log {
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

interface LogOptions {
  readonly level?: LogLevel;
  /** Where lines go; stdout by default, which Cloud Logging parses. */
  readonly stream?: { write(line: string): void };
}

/** Cloud Logging's names for pino's levels. */
const severities: Readonly<Record<string, string>> = {
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARNING',
  error: 'ERROR',
};

/**
 * A log that writes one JSON object a line, with the fields Cloud Logging understands.
 *
 * @see https://cloud.google.com/logging/docs/structured-logging
 */
export function jsonLog({ level = 'info', stream }: LogOptions = {}): Log {
  const logger = pino(
    {
      level,
      messageKey: 'message',
      // Process id and host say nothing on Cloud Run, where the resource labels name the instance.
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ severity: severities[label] ?? 'DEFAULT' }) },
    },
    // Synchronous: a line written just before the instance is frozen or killed is not lost.
    stream ?? pino.destination({ sync: true }),
  );
  return {
    info: (message, fields) => logger.info(fields ?? {}, message),
    warn: (message, fields) => logger.warn(fields ?? {}, message),
    error: (message, fields) => logger.error(fields ?? {}, message),
  };
}
