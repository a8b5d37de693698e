/**
 * Signed requests to one bucket.
 *
 * @module
 */

import { AwsV4Signer } from "aws4fetch";
import { describe } from "../../src/describe.ts";
import { StorageError } from "../../src/errors.ts";
import { CachedCredential } from "../../src/http/cached_credential.ts";
import {
  type HttpAnswer,
  HttpError,
  type HttpRequest,
  type RetryPolicy,
  sendWithRetries,
} from "../../src/http/retry.ts";
import { toName } from "../../src/object_name.ts";
import { findCredentials } from "./chain.ts";
import {
  askFunction,
  EARLY_MS,
  type S3Credentials,
  toCredential,
} from "./credentials.ts";
import { outageReason, refusalReason } from "./failure.ts";
import { nameProblem, toUrlPart } from "./names.ts";
import { findPlace, type Place, type PlaceOptions } from "./place.ts";
import { S3Problem } from "./problem.ts";
import { errorCodeOf } from "./xml.ts";

/** What a client is made of. */
export interface ClientOptions extends PlaceOptions {
  /** What the names of all objects begin with. */
  readonly prefix: string;
  /** Credentials, or what asks for them; undefined: looked for. */
  readonly credentials: S3Credentials | (() => unknown) | undefined;
  /** How requests are sent. */
  readonly policy: RetryPolicy & { readonly timeoutMs: number };
}

/** A request, in the words of S3. */
export interface S3Request {
  /** What it does, as errors say it, such as `read`. */
  readonly verb: string;
  /** The key it is about, or the beginning of keys where it is a list. */
  readonly key: string;
  /** The method. */
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** The parameters; a request with them is about the bucket. */
  readonly query?: Record<string, string>;
  /** The headers, by names in lower case. */
  readonly headers?: Record<string, string>;
  /** The body. */
  readonly body?: Uint8Array<ArrayBuffer>;
  /** Says which answers of the kinds 3xx and 4xx count, by status and code. */
  readonly counts?: (status: number, code: string | undefined) => boolean;
  /** The permission it needs, as IAM calls it. */
  readonly action: string;
  /** Says why a good answer is to be asked for again. */
  readonly flaw?: (text: () => string, headers: Headers) => string | undefined;
  /** Says what a good answer refuses all the same. */
  readonly refusal?: (text: string) => string | undefined;
}

/** The SHA-256 of a request without a body. */
const NOTHING =
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** What sends signed requests. */
export class S3Client {
  readonly #options: ClientOptions;
  readonly #credentials: CachedCredential<S3Credentials>;
  #place: Place | undefined;
  /** How much later it is at the server, in milliseconds. */
  #skewMs = 0;
  /** What aws4fetch derives from the secret, with the secret it is from. */
  #derived = { secret: "", keys: new Map<string, ArrayBuffer>() };

  /**
   * Makes a client.
   *
   * @param options What it is made of.
   */
  constructor(options: ClientOptions) {
    this.#options = options;
    this.#credentials = new CachedCredential(
      async () => toCredential(await this.#load()),
      { earlyMs: EARLY_MS, patienceMs: options.policy.timeoutMs },
    );
  }

  /**
   * Sends a request until there is an answer that counts.
   *
   * @param request The request.
   * @returns The answer.
   * @throws {StorageError} If there is none, or the server refuses it.
   */
  async send(request: S3Request): Promise<HttpAnswer> {
    const where = `${request.verb} ${this.describe(request.key, request)}`;
    try {
      const answer = await this.#sendCorrected(request);
      const { status } = answer;
      const code = codeOf(answer);
      const reason = status < 300
        ? request.refusal?.(textOf(answer))
        : request.counts?.(status, code)
        ? undefined
        : refusalReason(answer, code, request.action);
      if (reason === undefined) return answer;
      throw new S3Problem(reason);
    } catch (error) {
      if (error instanceof S3Problem) {
        throw new StorageError(`Cannot ${where}: ${error.reason}`);
      }
      if (!(error instanceof HttpError)) throw error;
      // Of writers that met, this one does not know yet who has won.
      if (error.status === 409 && request.counts?.(409, undefined)) {
        const body = new Uint8Array();
        return { status: 409, headers: new Headers(), body, unclear: true };
      }
      const host = this.#place?.host;
      throw new StorageError(
        `Cannot ${where}: ${outageReason(error, host, request.method)}`,
      );
    }
  }

  /**
   * The name of a key's object.
   *
   * @param key The key, or the beginning of keys.
   * @returns The whole name.
   */
  nameOf(key: string): string {
    return this.#options.prefix + toName(key);
  }

  /**
   * Says where something is, for errors.
   *
   * @param key The key, or the beginning of keys where there is a query.
   * @param request Has a query, where it is about many.
   * @returns The key and the bucket.
   */
  describe(key: string, { query }: Pick<S3Request, "query"> = {}): string {
    const where = `bucket ${JSON.stringify(this.#options.bucket)}`;
    if (query === undefined) return `${describe(key)} in ${where}`;
    return key === "" ? where : `${describe(key)}… in ${where}`;
  }

  /** Once each, what the server says of clocks and credentials is heeded. */
  async #sendCorrected(request: S3Request): Promise<HttpAnswer> {
    const place = this.#place ??= findPlace(this.#options);
    const name = this.nameOf(request.key);
    const problem = request.key === "" && request.query === undefined
      ? "a key is empty; give it a character"
      : nameProblem(name);
    if (problem !== undefined) throw new S3Problem(problem);
    const hash = request.body ? await sha256(request.body) : NOTHING;
    const corrected = new Set<string>();
    for (;;) {
      let credentials: S3Credentials;
      const answer = await sendWithRetries(async () => {
        credentials = await this.#credentials.get();
        return await this.#sign(request, place, name, hash, credentials);
      }, {
        ...this.#options.policy,
        retryIf: (answer) => retryReason(answer, request),
      });
      const code = codeOf(answer) ?? "";
      const correct = this.#correction(code, answer, credentials!);
      if (correct === undefined || corrected.has(code)) return answer;
      corrected.add(code);
      correct();
    }
  }

  #correction(
    code: string,
    { headers }: HttpAnswer,
    credentials: S3Credentials,
  ): (() => void) | undefined {
    if (code === "RequestTimeTooSkewed") {
      const serverMs = Date.parse(headers.get("date") ?? "");
      if (Number.isNaN(serverMs)) return undefined;
      return () => this.#skewMs = serverMs - Date.now();
    }
    const stale = /^(Expired|Invalid)Token|^TokenRefresh|^InvalidAccessKeyId$/;
    const fixed = typeof this.#options.credentials === "object";
    if (fixed || !stale.test(code)) return undefined;
    return () => this.#credentials.forget(credentials);
  }

  async #load(): Promise<S3Credentials> {
    const { credentials, policy } = this.#options;
    if (typeof credentials === "object") return credentials;
    if (credentials === undefined) {
      return await findCredentials(this.#place!.region, policy);
    }
    return await askFunction(credentials, policy.timeoutMs);
  }

  async #sign(
    { method, query, headers, body }: S3Request,
    place: Place,
    name: string,
    hash: string,
    credentials: S3Credentials,
  ): Promise<HttpRequest> {
    const { accessKeyId, secretAccessKey, sessionToken } = credentials;
    if (this.#derived.secret !== secretAccessKey) {
      this.#derived = { secret: secretAccessKey, keys: new Map() };
    }
    const time = new Date(Date.now() + this.#skewMs).toISOString();
    const signer = new AwsV4Signer({
      method,
      url: urlOf(place, name, query),
      headers: { ...headers, "x-amz-content-sha256": hash },
      body,
      accessKeyId,
      secretAccessKey,
      sessionToken,
      service: "s3",
      region: place.region,
      cache: this.#derived.keys,
      datetime: time.replace(/[:-]|\.\d{3}/g, ""),
    });
    const signed = await signer.sign();
    return {
      url: signed.url.href,
      init: { method, headers: signed.headers, body, redirect: "manual" },
    };
  }
}

function urlOf(
  { url }: Place,
  name: string,
  query: Record<string, string> | undefined,
): string {
  if (query === undefined) {
    return `${url}/${name.split("/").map(toUrlPart).join("/")}`;
  }
  const parameters = Object.entries(query).map(([key, value]) =>
    `${toUrlPart(key)}=${toUrlPart(value)}`
  );
  return `${url}/?${parameters.join("&")}`;
}

/** An answer that is no answer of S3 comes from something in between. */
function retryReason(
  answer: HttpAnswer,
  { method, flaw }: S3Request,
): string | undefined {
  const { status } = answer;
  if (status < 300) return flaw?.(() => textOf(answer), answer.headers);
  if (status < 400 || status === 412) return undefined;
  const code = codeOf(answer);
  if (code === undefined) return `status ${status}`;
  const conflict = status === 409 && method !== "GET";
  return conflict || status >= 500 && status !== 501 || RETRIED.test(code)
    ? `${status} ${code}`
    : undefined;
}

const RETRIED = /^(RequestTimeout|SlowDown|Throttling\w*|InternalError)$/;

function codeOf(answer: HttpAnswer): string | undefined {
  return answer.status < 300 ? undefined : errorCodeOf(textOf(answer));
}

/** The body of an answer as text. */
export function textOf({ body }: HttpAnswer): string {
  return new TextDecoder().decode(body);
}

async function sha256(body: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", body);
  return Array.from(
    new Uint8Array(digest),
    (byte) => byte.toString(16).padStart(2, "0"),
  ).join("");
}
