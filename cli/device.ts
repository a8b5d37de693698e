/**
 * The two calls of a device login.
 *
 * @module
 */

import { clean, parseObject, textOf } from "../src/http/said.ts";
import { sendOnce } from "../src/http/send.ts";
import { BrokenOff, UsageError } from "./usage.ts";

/** How long an answer may take. */
const ANSWER_MS = 10_000;
/** How often a server is asked that does not say. */
const USUAL_INTERVAL_S = 5;
/** How long a code is good where a server does not say. */
const USUAL_LIFE_S = 900;

/** What a server gives a device that wants to log in. */
export interface DeviceCode {
  /** What the device asks with: a secret. */
  readonly deviceCode: string;
  /** What a person types. */
  readonly userCode: string;
  /** Where: on the same server, which is the one that the person named. */
  readonly verificationUri: string;
  /** How often the device may ask, in milliseconds. */
  readonly intervalMs: number;
  /** How long the code is good, in milliseconds. */
  readonly expiresMs: number;
}

/** What a device is answered that asks for its token. */
export type TokenAnswer =
  | { readonly state: "given"; readonly token: string }
  | { readonly state: "pending" | "slow_down" | "expired" }
  | { readonly state: "refused"; readonly detail: string };

/**
 * Asks for a code.
 *
 * @param baseUrl The server.
 * @param signal Stops it.
 * @returns The code.
 * @throws {BrokenOff} If the server cannot be reached, or gives none.
 */
export async function requestCode(
  baseUrl: string,
  signal: AbortSignal,
): Promise<DeviceCode> {
  const answer = await post(`${baseUrl}/cli/device`, {}, signal);
  if (answer === undefined) throw failure("it cannot be reached");
  const { status, body } = answer;
  const { device_code, user_code, verification_uri } = body;
  if (status !== 200 && status !== 201) {
    throw failure(`it answered ${status} ${clean(body.detail ?? "")}`.trim());
  }
  const texts = [device_code, user_code, verification_uri];
  if (!texts.every((text) => typeof text === "string" && text !== "")) {
    throw failure("it gave no code: is it the address of the API?");
  }
  const [deviceCode, userCode, page] = texts as string[];
  return {
    deviceCode,
    userCode,
    verificationUri: isSameOrigin(page, baseUrl) ? page : `${baseUrl}/device`,
    intervalMs: 1_000 * positive(body.interval, USUAL_INTERVAL_S),
    expiresMs: 1_000 * positive(body.expires_in, USUAL_LIFE_S),
  };
}

/**
 * Asks for the token.
 *
 * @param baseUrl The server.
 * @param deviceCode What the device asks with.
 * @param signal Stops it.
 * @returns What the server says; that one has to wait where it says nothing.
 */
export async function requestToken(
  baseUrl: string,
  deviceCode: string,
  signal: AbortSignal,
): Promise<TokenAnswer> {
  const sent = { device_code: deviceCode };
  const answer = await post(`${baseUrl}/cli/token`, sent, signal);
  // A server that is away for a moment is asked again.
  if (answer === undefined || answer.status >= 500) return { state: "pending" };
  const { status, body: { api_token: token, detail } } = answer;
  if (status === 200) {
    return isToken(token) ? { state: "given", token } : {
      state: "refused",
      detail: "the server gave no token that can be used",
    };
  }
  if (detail === "authorization_pending") return { state: "pending" };
  if (detail === "slow_down" || status === 429) return { state: "slow_down" };
  if (status === 410 && detail !== "access_denied") return { state: "expired" };
  return {
    state: "refused",
    detail: clean(detail ?? `status ${status}`, [deviceCode]),
  };
}

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** What `fetch` throws may hold the address: nothing of it is kept. */
async function post(
  url: string,
  sent: object,
  signal: AbortSignal,
): Promise<Answer | undefined> {
  const init: RequestInit = {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(sent),
    redirect: "manual",
  };
  // Ctrl-C does not wait for an answer.
  let stop = () => {};
  const stopped = new Promise<never>((_, reject) => stop = reject);
  signal.addEventListener("abort", stop);
  try {
    signal.throwIfAborted();
    const sending = sendOnce(fetch, { url, init }, ANSWER_MS);
    const answer = await Promise.race([sending, stopped]);
    return { status: answer.status, body: parseObject(textOf(answer)) ?? {} };
  } catch {
    signal.throwIfAborted();
    return undefined;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Nobody is sent to a page of somebody else. */
function isSameOrigin(page: string, baseUrl: string): boolean {
  return URL.canParse(page) && new URL(page).origin === new URL(baseUrl).origin;
}

/** What may stand in a header. */
function isToken(token: unknown): token is string {
  return typeof token === "string" && /^[\x21-\x7e]+$/.test(token);
}

function positive(value: unknown, fallback: number): number {
  return typeof value === "number" && value > 0 && value <= 86_400
    ? value
    : fallback;
}

function failure(reason: string): BrokenOff {
  return new BrokenOff(
    new UsageError(`Cannot log in at this server: ${reason}`),
  );
}
