/**
 * Where requests and packets are sent to.
 *
 * @module
 */

import { InvalidOptionError } from "../errors.ts";
import { type Check, kindOf } from "../options.ts";

/**
 * Tells whether secrets may be sent to an address.
 *
 * @param address The address.
 * @returns Whether it is https, or on this machine.
 */
export function isSafe(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname } = new URL(address);
  return protocol === "https:" ||
    protocol === "http:" &&
      /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

/** What a host is, in words. */
export const HOST = 'a name such as "agent.local", or an address such as ' +
  '"127.0.0.1" or "::1", without port';

/**
 * Tells whether a text names a host: a name, or an address of IPv4 or IPv6, as
 * it may stand in a URL. So there is no zone in it (`fe80::1%eth0`).
 *
 * @param text The text.
 * @returns Whether it does.
 */
export function isHost(text: unknown): text is string {
  return typeof text === "string" && text.length <= 255 &&
    /^(\w[\w.-]*|[\da-f.]*:[\da-f:.]+)$/i.test(text) &&
    URL.canParse(`http://${hostInUrl(text)}`);
}

/**
 * Writes a host down as it stands in a URL.
 *
 * @param host The host.
 * @returns The same, in brackets where it is an address of IPv6.
 */
export function hostInUrl(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/**
 * The check of an option that names a host. What was given is not shown: it may
 * be a whole address, with a password in it.
 *
 * @param value What was given.
 * @param option The name of the option.
 * @returns The host.
 * @throws {InvalidOptionError} If it is none.
 */
export function toHost(value: unknown, option: string): string {
  if (isHost(value)) return value;
  throw new InvalidOptionError(
    `Cannot use what was given as ${option}: give ${HOST}`,
  );
}

/** Takes a port. */
export const toPort: Check<number> = kindOf(
  (value) =>
    Number.isInteger(value) && value as number > 0 && value as number < 65_536,
  "a number from 1 to 65535",
);
