/**
 * A plain client of the S3 server: each request once, signed by `aws4fetch`,
 * which knows nothing of the signer by which the lab verifies it.
 *
 * @module
 */

import { AwsClient } from "aws4fetch";
import type { S3Credentials } from "./servers/access.ts";

/** An answer, read to its end. */
export interface Answer {
  /** The status. */
  status: number;
  /** The ETag; empty: none. */
  etag: string;
  /** The headers. */
  headers: Headers;
  /** The body. */
  text: string;
  /** The code of an error; empty: none. */
  code: string;
}

/** Where requests go and who signs them. */
export interface Target {
  /** The address of the server. */
  endpoint: string;
  /** The bucket. */
  bucket: string;
  /** The region. */
  region: string;
  /** Who signs. */
  credentials: S3Credentials;
}

/** What a request may have. */
export interface RequestOptions {
  /** Its headers. */
  headers?: Record<string, string>;
  /** Its body. */
  body?: string;
  /** What sends it. @default The global fetch */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** When it is signed, such as `20200101T000000Z`. @default Now */
  datetime?: string;
  /** What changes it after it was signed. */
  spoil?: (headers: Headers) => void;
}

/**
 * Sends one request.
 *
 * @param target Where to.
 * @param method The method.
 * @param path What follows the name of the bucket, encoded.
 * @param options The rest of it.
 * @returns The answer.
 * @throws {Error} When there is none, or half of one.
 */
export async function send(
  { endpoint, bucket, region, credentials }: Target,
  method: string,
  path: string,
  options: RequestOptions = {},
): Promise<Answer> {
  const { headers = {}, body, fetch = globalThis.fetch, spoil } = options;
  const { datetime } = options;
  const client = new AwsClient({ ...credentials, region, service: "s3" });
  const url = `${endpoint}/${bucket}${path}`;
  const hash = await sha256(body ?? "");
  const signed = await client.sign(url, {
    method,
    body,
    headers: { ...headers, "x-amz-content-sha256": hash },
    aws: { datetime },
  });
  spoil?.(signed.headers);
  const init = { method, body, headers: signed.headers };
  const response = await fetch(signed.url, init);
  const text = await response.text();
  return {
    status: response.status,
    etag: response.headers.get("etag") ?? "",
    headers: response.headers,
    text,
    code: /<Code>(.*?)<\/Code>/.exec(text)?.[1] ?? "",
  };
}

/** The SHA-256 of a text, as hexadecimal digits. */
async function sha256(text: string): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  const hash = await crypto.subtle.digest("SHA-256", bytes);
  return [...new Uint8Array(hash)]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}
