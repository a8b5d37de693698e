/**
 * Where the service is.
 *
 * @module
 */

import { InvalidOptionError } from "../../src/errors.ts";
import { isSafe } from "../../src/http/address.ts";

const GOOGLE = "https://storage.googleapis.com";

/**
 * Checks an address. It is not shown where it is refused: it may hold a secret.
 *
 * @param value What was given.
 * @param option The name of the option.
 * @returns The address, without a slash at its end.
 * @throws {InvalidOptionError} If tokens cannot be sent there.
 */
export function toEndpoint(value: unknown, option: string): string {
  if (typeof value === "string" && isSafe(value) && isBare(value)) {
    return value.replace(/\/+$/, "");
  }
  throw new InvalidOptionError(
    `Cannot use the given ${option}: give an https address without user, ` +
      "query and fragment; http is for this machine only, where no other can " +
      "read the access token (an emulator elsewhere, which needs none, goes " +
      "into STORAGE_EMULATOR_HOST)",
  );
}

/**
 * The address that requests are sent to.
 *
 * @param endpoint The address that was given, if any.
 * @param emulator `STORAGE_EMULATOR_HOST`, with or without `http://`.
 * @returns The address, without a slash at its end.
 * @throws {InvalidOptionError} If the emulator's is none.
 */
export function addressOf(
  endpoint: string | undefined,
  emulator: string | undefined,
): string {
  if (endpoint !== undefined) return endpoint;
  if (emulator === undefined) return GOOGLE;
  const address = /^https?:\/\//.test(emulator)
    ? emulator
    : `http://${emulator}`;
  if (URL.canParse(address) && isBare(address)) {
    return address.replace(/\/+$/, "");
  }
  throw new InvalidOptionError(
    "Cannot use STORAGE_EMULATOR_HOST: set it to an address such as " +
      "localhost:9023",
  );
}

/**
 * Tells whether an address is Google's own, whose promises are known.
 *
 * @param address The address.
 * @returns Whether it is.
 */
export function isGoogles(address: string): boolean {
  const { protocol, hostname } = new URL(address);
  return protocol === "https:" && /(^|\.)googleapis\.com$/.test(hostname);
}

function isBare(address: string): boolean {
  const { username, password, search, hash } = new URL(address);
  return [username, password, search, hash].every((part) => part === "");
}
