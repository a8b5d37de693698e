/**
 * The errors of S3, in its own words.
 * {@link https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html}
 *
 * @module
 */

import type { Fault } from "./api.ts";
import type { Reply } from "./exchange.ts";
import { toXml } from "./xml.ts";

const MESSAGES: Record<string, string> = {
  AccessDenied: "Access Denied",
  AuthorizationHeaderMalformed: "The authorization header is malformed",
  BadDigest: "The digest you specified did not match what we received.",
  ConditionalRequestConflict:
    "The conditional request cannot succeed due to a conflicting operation " +
    "against this resource.",
  ExpiredToken: "The provided token has expired.",
  InternalError: "We encountered an internal error. Please try again.",
  InvalidAccessKeyId:
    "The AWS Access Key Id you provided does not exist in our records.",
  InvalidArgument: "Invalid Argument",
  InvalidRange: "The requested range is not satisfiable",
  InvalidRequest:
    "Missing required header for this request: Content-MD5 OR x-amz-checksum-*",
  InvalidToken: "The provided token is malformed or otherwise invalid.",
  InvalidURI: "Couldn't parse the specified URI.",
  KeyTooLongError: "Your key is too long",
  MalformedXML:
    "The XML you provided was not well-formed or did not validate against our " +
    "published schema",
  MissingSecurityHeader: "Your request is missing a required header",
  NoSuchBucket: "The specified bucket does not exist",
  NoSuchKey: "The specified key does not exist.",
  NotImplemented:
    "A header you provided implies functionality that is not implemented",
  PreconditionFailed:
    "At least one of the pre-conditions you specified did not hold",
  RequestTimeTooSkewed:
    "The difference between the request time and the server's time is too large.",
  SignatureDoesNotMatch:
    "The request signature we calculated does not match the signature you " +
    "provided. Check your key and signing method.",
  SlowDown: "Please reduce your request rate.",
  TooManyRequests: "Please reduce your request rate.",
  XAmzContentSHA256Mismatch:
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
};

const FAULTS: Record<number, string> = {
  409: "ConditionalRequestConflict",
  429: "TooManyRequests",
  500: "InternalError",
  503: "SlowDown",
};

let requests = 0;

/**
 * Makes an error.
 *
 * @param status Its status.
 * @param code Its code.
 * @param more Further elements.
 * @returns The answer.
 */
export function s3Error(
  status: number,
  code: string,
  more: Record<string, string> = {},
): Reply {
  let message = MESSAGES[code] ?? code;
  if (more.Region) message += `; the region is wrong; expecting ${more.Region}`;
  const RequestId = `LAB${String(++requests).padStart(13, "0")}`;
  const content = { Code: code, Message: message, ...more, RequestId };
  const headers = {
    "content-type": "application/xml",
    "x-amz-request-id": RequestId,
  };
  return { status, headers, error: code, body: toXml("Error", content) };
}

/** Makes the answer of a server that does nothing. */
export function s3Fault(status: number, { retryAfter = 0 }: Fault): Reply {
  const reply = s3Error(status, FAULTS[status]);
  if (status === 503 || status === 429) {
    reply.headers!["retry-after"] = String(retryAfter);
  }
  return reply;
}
