/** An error answer of the JSON API. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly status: number;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    reason: string,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.headers = headers;
  }
}

export const notFound = (what: string): ServiceError => new ServiceError(404, 'notFound', what);
export const invalid = (message: string): ServiceError => new ServiceError(400, 'invalid', message);
export const conditionNotMet = (): ServiceError =>
  new ServiceError(412, 'conditionNotMet', 'At least one of the pre-conditions you specified did not hold.');
export const notModified = (): ServiceError => new ServiceError(304, 'notModified', 'Not modified');

/** @see https://cloud.google.com/storage/docs/json_api/v1/status-codes */
export function errorBody(error: ServiceError): unknown {
  const { message, reason, status } = error;
  return { error: { code: status, message, errors: [{ message, domain: 'global', reason }] } };
}
