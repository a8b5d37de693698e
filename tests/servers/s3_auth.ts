// deno-lint-ignore-file no-import-prefix
/**
 * Verifies requests to S3: what arrived is signed again, with the secret that
 * the lab knows, by AWS's own signer, and must come out the same.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { SignatureV4 } from "npm:@smithy/signature-v4@5.7.5";
import { Sha256 } from "npm:@aws-crypto/sha256-js@5.2.0";
import type { Exchange, Reply } from "./exchange.ts";
import type { IssuedKey, Registry } from "./registry.ts";
import { s3Error } from "./s3_errors.ts";

const SCHEME = /^AWS4-HMAC-SHA256 +(.+)$/;
const DATE = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;
const MAX_SKEW_MS = 15 * 60_000;

/** Keeps one signer for each key: it keeps its derived keys. */
const signers = new WeakMap<IssuedKey, SignatureV4>();

/**
 * Verifies a request.
 *
 * @param exchange The request.
 * @param registry Whose keys count.
 * @param region The region it must be for; undefined: any.
 * @returns Whose request it is, or why it is refused.
 */
export async function verify(
  exchange: Exchange,
  registry: Registry,
  region?: string,
): Promise<IssuedKey | Reply> {
  const header = exchange.header("authorization");
  if (header === undefined) return s3Error(403, "AccessDenied");
  const fields = readFields(header);
  const [id, day, scopeRegion, service, end] = fields?.Credential?.split("/") ??
    [];
  const { SignedHeaders, Signature } = fields ?? {};
  if (!SignedHeaders || !Signature || end !== "aws4_request") {
    return s3Error(400, "AuthorizationHeaderMalformed");
  }
  const key = registry.keys.get(id);
  if (key === undefined) {
    return s3Error(403, "InvalidAccessKeyId", { AWSAccessKeyId: id });
  }
  if (key.sessionToken !== exchange.header("x-amz-security-token")) {
    return s3Error(400, "InvalidToken");
  }
  if (key.expiresMs <= Date.now()) return s3Error(400, "ExpiredToken");
  if (region !== undefined && scopeRegion !== region) {
    return s3Error(400, "AuthorizationHeaderMalformed", { Region: region });
  }
  if (service !== "s3") return s3Error(400, "AuthorizationHeaderMalformed");
  const date = readDate(exchange.header("x-amz-date"));
  if (date === undefined) return s3Error(403, "AccessDenied");
  if (Math.abs(date.getTime() - Date.now()) > MAX_SKEW_MS) {
    return s3Error(403, "RequestTimeTooSkewed");
  }
  const names = SignedHeaders.split(";");
  const unsigned = [...requiredHeaders(exchange)].find((name) =>
    !names.includes(name)
  );
  if (unsigned !== undefined) {
    return s3Error(403, "AccessDenied", { HeadersNotSigned: unsigned });
  }
  const expected = await sign(exchange, key, {
    id,
    names,
    date,
    region: scopeRegion,
  });
  if (expected !== Signature || !sameDay(day, date)) {
    return s3Error(403, "SignatureDoesNotMatch", { AWSAccessKeyId: id });
  }
  return checkBody(exchange) ?? key;
}

/** Encodes as the signature wants it: all but unreserved characters. */
export function encodeStrictly(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Reads a part of a path; like S3, which takes a plus sign for a space. */
export function decodePath(part: string): string | undefined {
  try {
    return decodeURIComponent(part.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}

function readFields(header: string): Record<string, string> | undefined {
  const fields = SCHEME.exec(header)?.[1].split(/, */).map((field) => {
    const at = field.indexOf("=");
    return [field.slice(0, at), field.slice(at + 1)];
  });
  return fields && Object.fromEntries(fields);
}

function readDate(text = ""): Date | undefined {
  const [, ...parts] = DATE.exec(text) ?? [];
  if (parts.length === 0) return undefined;
  const [year, month, ...rest] = parts.map(Number);
  return new Date(Date.UTC(year, month - 1, ...rest));
}

function sameDay(day: string, date: Date): boolean {
  return date.toISOString().slice(0, 10).replaceAll("-", "") === day;
}

/** All that S3 wants signed: the host and every `x-amz-` header. */
function* requiredHeaders(exchange: Exchange): Iterable<string> {
  yield "host";
  for (const name of Object.keys(exchange.headersWith("x-amz-"))) {
    yield `x-amz-${name}`;
  }
}

interface Scope {
  id: string;
  names: readonly string[];
  date: Date;
  region: string;
}

async function sign(
  exchange: Exchange,
  key: IssuedKey,
  { id, names, date, region }: Scope,
): Promise<string | undefined> {
  let signer = signers.get(key);
  if (signer === undefined) {
    signer = new SignatureV4({
      service: "s3",
      region,
      sha256: Sha256,
      uriEscapePath: false,
      applyChecksum: false,
      credentials: {
        accessKeyId: id,
        secretAccessKey: key.secret,
        sessionToken: key.sessionToken,
      },
    });
    signers.set(key, signer);
  }
  const path = decodePath(exchange.path);
  if (path === undefined) return undefined;
  const query: Record<string, string[]> = {};
  for (const [name, value] of exchange.query) (query[name] ??= []).push(value);
  const headers = Object.fromEntries(names.map((name) => [
    name,
    name === "host" ? exchange.host : exchange.header(name) ?? "",
  ]));
  const signed = await signer.sign({
    method: exchange.method,
    protocol: "http:",
    hostname: exchange.host,
    path: path.split("/").map(encodeStrictly).join("/"),
    query,
    headers,
  }, {
    signingDate: date,
    signingRegion: region,
    signableHeaders: new Set(names),
  });
  return readFields(signed.headers.authorization)?.Signature;
}

/** Compares the body with the hash of it that was signed. */
function checkBody(exchange: Exchange): Reply | undefined {
  const hash = exchange.header("x-amz-content-sha256");
  if (hash === undefined) {
    return s3Error(400, "MissingSecurityHeader", {
      MissingHeaderName: "x-amz-content-sha256",
    });
  }
  if (hash === "UNSIGNED-PAYLOAD") return undefined;
  const actual = createHash("sha256").update(exchange.body).digest("hex");
  return hash === actual
    ? undefined
    : s3Error(400, "XAmzContentSHA256Mismatch");
}
