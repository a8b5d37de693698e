/**
 * Why a request to S3 failed, in words that say what to do.
 *
 * @module
 */

import type { HttpAnswer, HttpError } from "../../src/http/retry.ts";
import { isRegion } from "./place.ts";
import { textsOf } from "./xml.ts";

const ELSEWHERE = "the bucket is in another region";
const DENIED = "access is denied";

/** What is wrong by the codes of S3, and what to do. */
const REASONS: Record<string, string> = {
  AccessDenied: DENIED,
  AllAccessDisabled: DENIED,
  AuthorizationHeaderMalformed: ELSEWHERE,
  ExpiredToken: "the credentials have expired; give new ones",
  InvalidAccessKeyId:
    "the server does not know the access key id; check the credentials",
  InvalidToken: "the session token is not valid; give new credentials",
  NoSuchBucket:
    "the bucket does not exist; create it, or check its name and the endpoint",
  PermanentRedirect: ELSEWHERE,
  RequestTimeTooSkewed: "this machine's clock is wrong; set it",
  SignatureDoesNotMatch:
    "the signature is not accepted; check the secret access key",
  XAmzContentSHA256Mismatch: "the body was changed on its way",
};

/**
 * Says why a server refused a request.
 *
 * @param answer Its answer.
 * @param code The code in it.
 * @param action The permission that the request needs.
 * @returns What is wrong and what to do.
 */
export function refusalReason(
  { status, headers, body }: HttpAnswer,
  code: string | undefined,
  action: string,
): string {
  const detail = `${status} ${code ?? ""}`.trim();
  let reason = REASONS[code ?? ""] ?? "the server refused it";
  if (reason === ELSEWHERE || status < 400) {
    const [told] = textsOf(new TextDecoder().decode(body), "Region");
    const region = headers.get("x-amz-bucket-region") ?? told ?? "";
    reason = ELSEWHERE +
      (isRegion(region)
        ? `; set region to "${region}"`
        : "; check region and endpoint, and the access key id");
  }
  if (reason === DENIED) reason += `; allow ${action}`;
  return `${reason} (${detail})`;
}

/**
 * Says why there was no answer that counts.
 *
 * @param error What the attempts came to.
 * @param host Whom they were sent to.
 * @param method The method of the request.
 * @returns What is wrong and what to do.
 */
export function outageReason(
  error: HttpError,
  host: string | undefined,
  method: string,
): string {
  const late = method === "GET" || !error.unclear
    ? ""
    : "; it is not known whether it was done";
  return `no good answer from ${host}: ${error.message}${late}`;
}
