/**
 * Signatures of webhooks: HMAC-SHA-256 over a time and the body.
 *
 * @module
 */

import { secretOf, toSecret } from "../../src/secret.ts";

const toBody = secretOf<string | Uint8Array>(
  (value) => typeof value === "string" || value instanceof Uint8Array,
  "the body as it came, before it is parsed: a text or bytes",
);

/** How long a signature is good, in milliseconds. */
const TOLERANCE_MS = 300_000;

/** What a signature is verified by. */
export interface SignatureCheck {
  /** The secret that both sides know. */
  readonly secret: string;
  /** The header `Dotflow-Signature` of the request; null: it has none. */
  readonly header: string | null | undefined;
  /** The body of the request as it came, before it is parsed. */
  readonly body: string | Uint8Array;
  /**
   * How much the time in it may differ from the clock, in milliseconds.
   *
   * @default {300_000}
   */
  readonly toleranceMs?: number;
}

/**
 * Signs a body.
 *
 * @param secret The secret that both sides know.
 * @param body The body.
 * @returns `t=TIME,v1=SIGNATURE`: seconds since the epoch, and the HMAC-SHA-256
 * of `TIME.BODY` in hexadecimal digits.
 */
export async function sign(secret: string, body: string): Promise<string> {
  const time = String(Math.floor(Date.now() / 1_000));
  const key = await keyOf(secret, "sign");
  const signed = await crypto.subtle.sign("HMAC", key, bytesOf(time, body));
  const digits = Array.from(
    new Uint8Array(signed),
    (byte) => byte.toString(16).padStart(2, "0"),
  );
  return `t=${time},v1=${digits.join("")}`;
}

/**
 * Verifies who has sent a request, and that it is not an old one. How long it
 * takes tells nothing of the secret. A request may still come twice within the
 * tolerance: the `id` of the message tells.
 *
 * @param check The secret, the header and the body.
 * @returns Whether the signature is good.
 * @throws {InvalidOptionError} If the secret is no text or an empty one, or the
 * body is neither text nor bytes: then nobody could tell.
 */
export async function verifySignature(check: SignatureCheck): Promise<boolean> {
  const { header, toleranceMs = TOLERANCE_MS } = check;
  const secret = toSecret(check.secret, "secret");
  const body = toBody(check.body, "body");
  const parts = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header ?? "");
  if (parts === null) return false;
  const [, time, digits] = parts;
  // Written so that a tolerance that is no number tolerates nothing.
  if (!(Math.abs(Date.now() - Number(time) * 1_000) <= toleranceMs)) {
    return false;
  }
  const signature = Uint8Array.from(
    digits.match(/../g)!,
    (pair) => parseInt(pair, 16),
  );
  const key = await keyOf(secret, "verify");
  const data = bytesOf(time, body);
  return await crypto.subtle.verify("HMAC", key, signature, data);
}

function keyOf(secret: string, usage: "sign" | "verify"): Promise<CryptoKey> {
  const bytes = new TextEncoder().encode(secret);
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  return crypto.subtle.importKey("raw", bytes, algorithm, false, [usage]);
}

function bytesOf(
  time: string,
  body: string | Uint8Array,
): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const start = encoder.encode(`${time}.`);
  const end = typeof body === "string" ? encoder.encode(body) : body;
  const bytes = new Uint8Array(start.length + end.length);
  bytes.set(start);
  bytes.set(end, start.length);
  return bytes;
}
