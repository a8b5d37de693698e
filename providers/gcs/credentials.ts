/**
 * Where access tokens come from: a key, a user's function, or what the
 * environment has.
 *
 * @module
 */

import type { Credential } from "../../src/http/cached_credential.ts";
import {
  type HttpAnswer,
  HttpError,
  type RetryPolicy,
  sendWithRetries,
} from "../../src/http/retry.ts";
import { clean, parseObject, textOf } from "../../src/http/said.ts";
import { environment } from "../../src/runtime.ts";
import type { Awaitable } from "../../src/types.ts";
import { within } from "../../src/within.ts";
import { importKey, signClaim } from "./jwt.ts";
import type { Key } from "./key.ts";
import { saidReason } from "./reasons.ts";

/** What tokens are asked for: reading, writing and removing objects. */
const SCOPE = "https://www.googleapis.com/auth/devstorage.read_write";

/** How long a token is used of which nobody says how long it is good. */
const UNKNOWN_MS = 300_000;

/** Who gives out tokens, for errors. */
interface Issuer {
  /** What it is called. */
  readonly who: string;
  /** What to do where it refuses. */
  readonly advice: string;
  /** What it is sent and may repeat. */
  readonly secrets: readonly string[];
}

const METADATA: Issuer = {
  who: "the metadata server",
  advice: "check that this machine runs as a service account",
  secrets: [],
};

const GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/** An access token, as a function of one's own may give it. */
export interface GoogleToken {
  /** The token itself, without "Bearer". */
  readonly token: string;
  /**
   * When it ends: a Date, or milliseconds since the epoch.
   *
   * @default In five minutes
   */
  readonly expires?: Date | number;
}

/** Gets access tokens: called again before one ends, or when it is refused. */
export type TokenFunction = () => Awaitable<string | GoogleToken>;

/** An access token, and its end. */
export type Token = Credential<string>;

/** Gets a new access token. */
export type TokenSource = () => Promise<Token>;

/**
 * Makes tokens by a function of the user's.
 *
 * @param getToken The function.
 * @param timeoutMs How long it may take, in milliseconds.
 * @returns The source.
 */
export function functionSource(
  getToken: TokenFunction,
  timeoutMs: number,
): TokenSource {
  return async () => {
    const given = await callSafely(getToken, timeoutMs);
    const { token, expires } = typeof given === "string"
      ? { token: given }
      : given ?? {};
    const expiresMs = Number(expires ?? Date.now() + UNKNOWN_MS);
    if (!isToken(token)) {
      throw new Error(
        "the credentials function gave no token; return the text of one, or " +
          "{ token, expires }",
      );
    }
    if (!Number.isFinite(expiresMs) || expiresMs <= Date.now()) {
      throw new Error(
        "the credentials function gave a token that has expired; expires is " +
          "a Date, or milliseconds since the epoch",
      );
    }
    return { value: token, expiresMs };
  };
}

async function callSafely(
  getToken: TokenFunction,
  timeoutMs: number,
): Promise<string | GoogleToken> {
  try {
    return await within(Promise.resolve(getToken()), timeoutMs);
  } catch (error) {
    const said = clean((error as Error | null)?.message ?? error);
    throw new Error(`the credentials function failed: ${said}`);
  }
}

/**
 * Makes tokens by a key.
 *
 * @see {@link https://developers.google.com/identity/protocols/oauth2/service-account}
 *
 * @param key The key.
 * @param policy How requests are sent.
 * @returns The source.
 */
export function keySource(key: Key, policy: RetryPolicy): TokenSource {
  if (key.kind === "authorized_user") {
    const form = {
      grant_type: "refresh_token",
      client_id: key.clientId,
      client_secret: key.clientSecret,
      refresh_token: key.refreshToken,
    };
    return () => postForm(key.tokenUri, form, policy);
  }
  let imported: CryptoKey | undefined;
  return async () => {
    imported ??= await importKey(key);
    const assertion = await signClaim(key, imported, SCOPE);
    const form = { grant_type: GRANT, assertion };
    return await postForm(key.tokenUri, form, policy);
  };
}

/**
 * Makes tokens of the service account that a machine of Google's runs as.
 *
 * @see {@link https://cloud.google.com/compute/docs/access/authenticate-workloads}
 *
 * @param policy How requests are sent.
 * @returns The source.
 */
export function metadataSource(policy: RetryPolicy): TokenSource {
  const host = environment("GCE_METADATA_HOST") ?? "metadata.google.internal";
  const url =
    `http://${host}/computeMetadata/v1/instance/service-accounts/default/token`;
  const init = { headers: { "metadata-flavor": "Google" } };
  return async () => {
    try {
      return await askForToken(url, init, METADATA, policy);
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      throw new Error(
        "no credentials found; looked at the option credentials, at " +
          "GOOGLE_APPLICATION_CREDENTIALS, for the file of `gcloud auth " +
          "application-default login`, and for the metadata server at " +
          `${host} (${error.reason})`,
      );
    }
  };
}

async function postForm(
  url: string,
  form: Record<string, string>,
  policy: RetryPolicy,
): Promise<Token> {
  const issuer = {
    who: `the token endpoint ${new URL(url).host}`,
    advice: "check the credentials, and the clock of this machine",
    secrets: Object.values(form),
  };
  const init = { method: "POST", body: new URLSearchParams(form).toString() };
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  try {
    return await askForToken(url, { ...init, headers }, issuer, policy);
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    throw new Error(`${issuer.who} gave no token: ${error.message}`);
  }
}

async function askForToken(
  url: string,
  init: RequestInit,
  issuer: Issuer,
  policy: RetryPolicy,
): Promise<Token> {
  let asked = 0;
  const prepare = () => {
    asked = Date.now();
    return { url, init: { ...init, redirect: "manual" as const } };
  };
  const retryIf = (answer: HttpAnswer) =>
    answer.status === 200 && readToken(answer, asked) === undefined
      ? "an answer without a token"
      : undefined;
  const answer = await sendWithRetries(prepare, { ...policy, retryIf });
  const token = answer.status === 200 && readToken(answer, asked);
  if (token) return token;
  const said = saidReason(textOf(answer), issuer.secrets);
  throw new Error(
    `${issuer.who} gave no token: status ${answer.status}` +
      `${said && ` (${said})`}; ${issuer.advice}`,
  );
}

function readToken(answer: HttpAnswer, asked: number): Token | undefined {
  const { access_token, expires_in } = parseObject(textOf(answer)) ?? {};
  return isToken(access_token) && Number(expires_in) > 0
    ? { value: access_token, expiresMs: asked + Number(expires_in) * 1_000 }
    : undefined;
}

/** What a header cannot hold would be shown in the runtime's own error. */
function isToken(value: unknown): value is string {
  return typeof value === "string" && /^[\x21-\x7e]+$/.test(value);
}
