import { pino, stdTimeFunctions } from 'pino';
import type { TraceContext } from './trace.ts';

/** A structured log: one line for each message, with fields. Never prompts, bytes or tokens. */
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
  /** The project that holds the traces. */
  readonly project?: string | undefined;
  /** The service that Error Reporting shows beside an error. */
  readonly service?: { readonly name: string; readonly version: string | undefined } | undefined;
  /** The span that a line written now belongs to. */
  readonly currentSpan?: () => TraceContext | undefined;
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
export function jsonLog({ level = 'info', stream, project, service, currentSpan }: LogOptions = {}): Log {
  const logger = pino(
    {
      level,
      messageKey: 'message',
      // Process id and host say nothing on Cloud Run, where the resource labels name the instance.
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ severity: severities[label] ?? 'DEFAULT' }) },
      mixin: () => traceFields(currentSpan?.(), project),
    },
    // Synchronous: a line written just before the instance is frozen or killed is not lost.
    stream ?? pino.destination({ sync: true }),
  );
  const reported = new WeakSet<Error>();
  const entry = ({ error, ...facts }: Fields = {}) => ({
    ...facts,
    ...jobLabel(facts),
    ...(error instanceof Error ? errorEvent(originOf(error)) : {}),
  });
  return {
    info: (message, fields) => logger.info(entry(fields), message),
    warn: (message, fields) => logger.warn(entry(fields), message),
    error: (message, fields) => logger.error(entry(fields), message),
  };

  /**
   * The fields that Error Reporting groups by. Only the first line about an error has them: it is the nearest
   * to where the error arose.
   *
   * @see https://cloud.google.com/error-reporting/docs/formatting-error-messages
   */
  function errorEvent(origin: Error): object {
    if (reported.has(origin)) return {};
    reported.add(origin);
    return {
      '@type': 'type.googleapis.com/google.devtools.clouderrorreporting.v1beta1.ReportedErrorEvent',
      stack_trace: origin.stack ?? String(origin),
      serviceContext: service && { service: service.name, version: service.version },
    };
  }
}

interface Fields {
  readonly job?: unknown;
  /** Set for bugs only: bad input is no error of the program. */
  readonly error?: unknown;
}

/** As a label, so that all lines of one job are found fast: Cloud Logging indexes labels. */
function jobLabel({ job }: Fields): object {
  return typeof job === 'string' ? { 'logging.googleapis.com/labels': { job } } : {};
}

/** The innermost cause of an error. */
function originOf(error: Error): Error {
  return error.cause instanceof Error ? originOf(error.cause) : error;
}

/** Without a project the bare trace id, which still groups the lines of a request. */
function traceFields(context: TraceContext | undefined, project: string | undefined): object {
  if (context === undefined) return {};
  const { traceId, spanId, isSampled } = context;
  return {
    'logging.googleapis.com/trace': project === undefined ? traceId : `projects/${project}/traces/${traceId}`,
    'logging.googleapis.com/spanId': spanId,
    'logging.googleapis.com/trace_sampled': isSampled,
  };
}
