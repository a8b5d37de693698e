/**
 * The multipart bodies of uploads (RFC 2387).
 *
 * @module
 */

import { Buffer } from "node:buffer";

/**
 * Splits a body.
 *
 * @param type Its content type, which names the boundary.
 * @param body The body.
 * @returns The contents of its parts; undefined: it is none.
 */
export function readMultipart(
  type: string,
  body: Uint8Array,
): Uint8Array[] | undefined {
  const boundary = /^multipart\/related;.*\bboundary="?([^";]+)/i.exec(type);
  if (boundary === null) return undefined;
  const text = Buffer.from(body).toString("latin1");
  const sections = `\r\n${text}`.split(`\r\n--${boundary[1]}`);
  if (!sections.at(-1)!.startsWith("--")) return undefined;
  const parts = sections.slice(1, -1).map((section) => {
    // What precedes the first empty line are the headers of the part.
    const begin = section.indexOf("\r\n\r\n");
    return begin < 0 ? undefined : section.slice(begin + 4);
  });
  return parts.every((part) => part !== undefined)
    ? parts.map((part) => Buffer.from(part, "latin1"))
    : undefined;
}
