/**
 * `dotflow login`: connects this machine with a server, by a code that somebody
 * approves in a browser.
 *
 * @module
 */

import process from "node:process";
import { readCloudConfig, writeCloudConfig } from "../src/cloud_config.ts";
import { toLine } from "../src/controls.ts";
import { describe } from "../src/describe.ts";
import { isSafe } from "../src/http/address.ts";
import { environment } from "../src/runtime.ts";
import { sleep } from "../src/wait.ts";
import { type DeviceCode, requestCode, requestToken } from "./device.ts";
import { Signals } from "./signals.ts";
import { BrokenOff, EXIT, UsageError } from "./usage.ts";

/** The flags of `login`. */
export interface LoginFlags {
  /** The server. */
  readonly url?: string;
}

/** How much longer is waited when a server says that it is asked too often. */
const SLOWER_MS = 5_000;

/**
 * Logs in, and keeps what the server gives.
 *
 * @param flags The flags.
 * @returns The exit code.
 * @throws {UsageError} If no server is known, or it cannot be used.
 * @throws {BrokenOff} If the login is refused, or not approved in time.
 */
export async function login(flags: LoginFlags): Promise<number> {
  const baseUrl = await serverOf(flags);
  if (environment("HOME") === undefined) refuseHomeless();
  const signals = new Signals(() => {}, () => {});
  try {
    const code = await requestCode(baseUrl, signals.signal);
    process.stderr.write(
      `Open ${toLine(code.verificationUri)} and enter the code\n\n` +
        `    ${toLine(code.userCode)}\n\nWaiting for the approval…\n`,
    );
    const token = await poll(baseUrl, code, signals.signal);
    const path = await writeCloudConfig({ baseUrl, token });
    process.stderr.write(`Logged in; the token is kept in ${path}\n`);
    return EXIT.ok;
  } catch (error) {
    if (signals.code !== undefined) return signals.code;
    throw error;
  } finally {
    signals.close();
  }
}

function refuseHomeless(): void {
  if (environment("USERPROFILE") !== undefined) return;
  throw new UsageError("Cannot find the home of the user: set HOME");
}

async function serverOf({ url }: LoginFlags): Promise<string> {
  const given = url ?? environment("SERVER_BASE_URL") ??
    (await readCloudConfig())?.baseUrl;
  if (given === undefined) {
    throw new UsageError("Cannot tell which server: give --url");
  }
  // The address may have a password in it: it is not shown.
  if (!isSafe(given)) {
    throw new UsageError(
      "Cannot use that address as --url: give one that begins with https://, " +
        "or is on this machine",
    );
  }
  const { username, password, search, hash } = new URL(given);
  if (username || password || search || hash) {
    throw new UsageError(
      "Cannot use that address as --url: give it without user, ? and #",
    );
  }
  return given.replace(/\/+$/, "");
}

/** Asks until somebody has decided, as often as the server allows. */
async function poll(
  baseUrl: string,
  code: DeviceCode,
  signal: AbortSignal,
): Promise<string> {
  const deadlineMs = performance.now() + code.expiresMs;
  let intervalMs = code.intervalMs;
  while (performance.now() < deadlineMs) {
    await sleep(intervalMs, signal);
    signal.throwIfAborted();
    const answer = await requestToken(baseUrl, code.deviceCode, signal);
    switch (answer.state) {
      case "given":
        return answer.token;
      case "slow_down":
        intervalMs += SLOWER_MS;
        break;
      case "refused":
        throw new BrokenOff(
          new UsageError(`Cannot log in: ${describe(answer.detail)}`),
        );
      case "expired":
        throw expired();
    }
  }
  throw expired();
}

function expired(): BrokenOff {
  return new BrokenOff(
    new UsageError("Cannot log in: nobody has approved the code in time"),
  );
}
