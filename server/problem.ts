/**
 * Why a request is not done, in words for its sender.
 *
 * @module
 */

/** Thrown where a request cannot be done. */
export class Problem extends Error {
  /** The status of the answer. */
  readonly status: number;
  /** Further headers of the answer. */
  readonly headers: Readonly<Record<string, string>>;

  /**
   * @param status The status of the answer.
   * @param detail Why; the sender reads it.
   * @param headers Further headers of the answer.
   */
  constructor(
    status: number,
    detail: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail);
    this.name = "Problem";
    this.status = status;
    this.headers = headers;
  }
}

/**
 * Answers with JSON.
 *
 * @param value What to say.
 * @param status The status.
 * @param headers Further headers.
 * @returns The answer.
 */
export function json(
  value: unknown,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(JSON.stringify(value), {
    status,
    headers: { "content-type": "application/json", ...headers },
  });
}

/**
 * Answers that something was not done.
 *
 * @param problem Why.
 * @returns The answer.
 */
export function refuse({ status, message, headers }: Problem): Response {
  return json({ detail: message }, status, headers);
}
