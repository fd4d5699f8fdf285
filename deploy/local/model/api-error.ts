/** Names of the status codes. */
const statusNames: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  408: 'DEADLINE_EXCEEDED',
  413: 'INVALID_ARGUMENT',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  500: 'INTERNAL',
  501: 'UNIMPLEMENTED',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

export interface FieldViolation {
  readonly field: string;
  readonly description: string;
}

interface ApiErrorOptions {
  /** Another name than the usual one of the code, e.g. `FAILED_PRECONDITION` for a 400. */
  readonly status?: string;
  readonly violations?: readonly FieldViolation[];
  readonly retryAfterSeconds?: number;
}

/** An error answer of the model APIs. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: number;
  readonly status: string;
  readonly violations: readonly FieldViolation[];
  readonly retryAfterSeconds: number | undefined;

  constructor(code: number, message: string, options: ApiErrorOptions = {}) {
    super(message);
    this.code = code;
    this.status = options.status ?? statusNames[code] ?? 'UNKNOWN';
    this.violations = options.violations ?? [];
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** 400 for the value of one field. */
export function invalidField(field: string, description: string): ApiError {
  return new ApiError(400, `Invalid value at '${field}': ${description}`, {
    violations: [{ field, description }],
  });
}

/** @see https://cloud.google.com/apis/design/errors#http_mapping */
export function errorBody({ code, message, status, violations }: ApiError): unknown {
  const details =
    violations.length === 0
      ? undefined
      : [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: violations }];
  return { error: { code, message, status, details } };
}
