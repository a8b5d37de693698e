/**
 * Requests to a bucket: with a token, until there is a clear answer, and with
 * errors that say what to do.
 *
 * @see {@link https://cloud.google.com/storage/docs/json_api/v1}
 *
 * @module
 */

import { StorageError } from "../../src/errors.ts";
import type { CachedCredential } from "../../src/http/cached_credential.ts";
import {
  type HttpAnswer,
  HttpError,
  type RetryPolicy,
  sendWithRetries,
} from "../../src/http/retry.ts";
import { textOf } from "../../src/http/said.ts";
import { saidReason } from "./reasons.ts";

/** A request to the bucket. */
export interface Call {
  /** What is being done, for errors, such as `store "wf/run/task"`. */
  readonly doing: string;
  /** The method. @default "GET" */
  readonly method?: string;
  /** The path behind the endpoint. */
  readonly path: string;
  /** The parameters; what is undefined is left out. */
  readonly query?: Record<string, string | undefined>;
  /** The body. */
  readonly body?: Uint8Array<ArrayBuffer>;
  /** What the body is. */
  readonly type?: string;
  /** The statuses that the caller understands. */
  readonly expected: readonly number[];
  /** Says why an answer with status 200 does not count. */
  readonly doubt?: (answer: HttpAnswer) => string | undefined;
}

/** Where a client sends its requests, and how. */
export interface ClientOptions {
  /** The address of the service, without a slash at its end. */
  readonly endpoint: string;
  /** The bucket. */
  readonly bucket: string;
  /** The project that pays, where it is not the bucket's own. */
  readonly project: string | undefined;
  /** Access tokens; undefined: an emulator, which needs none. */
  readonly tokens: CachedCredential<string> | undefined;
  /** How often and how long a request is tried. */
  readonly policy: RetryPolicy;
}

/** Sends requests to one bucket. */
export class Client {
  readonly #options: ClientOptions;

  /**
   * @param options Where requests are sent, and how.
   */
  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /**
   * Sends a request. A token that is refused is replaced, once.
   *
   * @param call The request.
   * @returns An answer that the caller understands.
   * @throws {StorageError} If there is none.
   */
  async call(call: Call): Promise<HttpAnswer> {
    const used: { token?: string } = {};
    let answer = await this.#send(call, used);
    if (answer.status === 401 && used.token !== undefined) {
      this.#options.tokens!.forget(used.token);
      answer = await this.#send(call, used);
    }
    if (!call.expected.includes(answer.status) || isBucketGone(answer)) {
      throw this.#error(call, refusal(answer, used.token));
    }
    return answer;
  }

  async #send(call: Call, used: { token?: string }): Promise<HttpAnswer> {
    const { endpoint, project, policy, tokens } = this.#options;
    const { method = "GET", path, body, type, doubt } = call;
    const query = new URLSearchParams();
    const parameters = { ...call.query, userProject: project };
    for (const [name, value] of Object.entries(parameters)) {
      if (value !== undefined) query.set(name, value);
    }
    const url = `${endpoint}${path}?${query}`;
    const prepare = async () => {
      const headers = new Headers();
      if (type !== undefined) headers.set("content-type", type);
      if (tokens !== undefined) {
        used.token = await this.#token(call, tokens);
        headers.set("authorization", `Bearer ${used.token}`);
      }
      // A redirect could lead the token to another host.
      const redirect = "manual" as const;
      return { url, init: { method, headers, body, redirect } };
    };
    const retryIf = (answer: HttpAnswer) =>
      answer.status === 200 ? doubt?.(answer) : doubtRefusal(answer);
    try {
      return await sendWithRetries(prepare, { ...policy, retryIf });
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      const { host } = new URL(endpoint);
      const maybe = method !== "GET" && error.unclear
        ? "; it may have been done all the same"
        : "";
      throw this.#error(
        call,
        `no good answer from ${host}: ${error.message}${maybe}`,
      );
    }
  }

  async #token(
    call: Call,
    tokens: CachedCredential<string>,
  ): Promise<string> {
    try {
      return await tokens.get();
    } catch (error) {
      throw this.#error(call, `no access token: ${(error as Error).message}`);
    }
  }

  #error(call: Call, reason: string): StorageError {
    const { bucket } = this.#options;
    return new StorageError(
      `Cannot ${call.doing} in bucket "${bucket}": ${reason}`,
    );
  }
}

/** What a status means, and what to do about it. */
const ADVICE: Record<number, string> = {
  401: "the access token is not accepted; check the credentials",
  403: "permission is missing; give the account the role Storage Object User " +
    "on the bucket",
  404: "there is no such bucket; create it, or correct its name",
};

function refusal(answer: HttpAnswer, token: string | undefined): string {
  const { status } = answer;
  const said = saidReason(textOf(answer), token === undefined ? [] : [token]);
  return (ADVICE[status] ?? "an answer that was not expected") +
    ` (status ${status}${said && `, ${said}`})`;
}

/** What decides must come from the service, not from somebody in between. */
function doubtRefusal(answer: HttpAnswer): string | undefined {
  const { status } = answer;
  // A request for the same object was under way.
  if (status === 409) return `status ${status}`;
  return [404, 412].includes(status) && /^\s*</.test(textOf(answer))
    ? `a page with status ${status} instead of an answer`
    : undefined;
}

/** A missing object and a missing bucket differ only in what is said of them. */
function isBucketGone(answer: HttpAnswer): boolean {
  if (answer.status !== 404) return false;
  const text = textOf(answer);
  return /bucket/i.test(text) && !/no such object/i.test(text);
}
