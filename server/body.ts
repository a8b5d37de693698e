/**
 * The bodies of requests: JSON of a bounded size and depth, whose objects are
 * only ever read from by name, so that no key of theirs does anything.
 *
 * @module
 */

import { Problem } from "./problem.ts";

/** The wire protocol needs five. */
const MOST_DEPTH = 64;

/**
 * Reads a JSON object.
 *
 * @param request The request.
 * @param limit How many bytes it may have.
 * @returns The object.
 * @throws {Problem} 413, 415 or 400.
 */
export async function readJson(
  request: Request,
  limit: number,
): Promise<Record<string, unknown>> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/json *(;|$)/i.test(type)) {
    throw new Problem(
      415,
      "Cannot read the body: its content-type is not application/json",
    );
  }
  const text = await readText(request, limit);
  if (isDeep(text)) {
    throw new Problem(
      400,
      `Cannot read the body: it is nested deeper than ${MOST_DEPTH} levels`,
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // What an engine says of JSON is a place and a few characters.
    throw new Problem(400, `Cannot read the body: no JSON${placeIn(error)}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Problem(400, "Cannot read the body: it is no JSON object");
  }
  return value as Record<string, unknown>;
}

function placeIn(error: unknown): string {
  const place = /position \d+|line \d+ column \d+/.exec(String(error));
  return place === null ? "" : ` (${place[0]})`;
}

/** A length that is told is checked before anything is read. */
async function readText(request: Request, limit: number): Promise<string> {
  const told = request.headers.get("content-length");
  if (told !== null) {
    if (!(Number(told) <= limit)) throw tooLarge(limit);
    const text = await readOr400(() => request.text());
    // Only a request that no HTTP server has read can be longer than it says.
    if (text.length > limit) throw tooLarge(limit);
    return text;
  }
  if (request.body === null) return "";
  const reader = (request.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (let size = 0;;) {
    const { done, value } = await readOr400(() => reader.read());
    if (done) return text + decoder.decode();
    size += value.byteLength;
    if (size > limit) {
      reader.cancel().catch(() => {});
      throw tooLarge(limit);
    }
    text += decoder.decode(value, { stream: true });
  }
}

async function readOr400<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch {
    throw new Problem(400, "Cannot read the body: it was cut off");
  }
}

function tooLarge(limit: number): Problem {
  return new Problem(
    413,
    `Cannot take the body: it has more than ${limit} bytes`,
  );
}

/** Tells by brackets outside of strings, before anything is built of them. */
function isDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22:
        at = endOfString(text, at + 1);
        break;
      case 0x5b:
      case 0x7b:
        if (++depth > MOST_DEPTH) return true;
        break;
      case 0x5d:
      case 0x7d:
        depth--;
    }
  }
  return false;
}

/** The place of the quote that ends a string. */
function endOfString(text: string, from: number): number {
  for (let at = from;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return text.length;
    let escapes = 0;
    while (text.charCodeAt(quote - 1 - escapes) === 0x5c) escapes++;
    if (escapes % 2 === 0) return quote;
    at = quote + 1;
  }
}
