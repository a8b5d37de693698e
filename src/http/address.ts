/**
 * Addresses that secrets are sent to.
 *
 * @module
 */

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
