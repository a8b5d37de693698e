/**
 * Reads JUnit reports, as Deno, Node and Bun write them.
 *
 * @module
 */

import { readSkipReason, type TestResult } from "./result.ts";

const CASE = /<testcase\b([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g;
const FAILURE =
  /<(?:failure|error)\b([^>]*?)(?:\/>|>([\s\S]*?)<\/(?:failure|error)>)/;
const ENTITIES: Record<string, string> = {
  lt: "<",
  gt: ">",
  amp: "&",
  quot: '"',
  apos: "'",
};

/**
 * Reads the outcomes of a report.
 *
 * @param xml The report.
 * @returns One outcome for each test.
 */
export function readJunit(xml: string): TestResult[] {
  // Node leaves a bare ">" in attribute values, where it would look like the
  // end of the tag.
  const closed = xml.replace(
    /"[^"<]*"/g,
    (value) => value.replaceAll(">", "&gt;"),
  );
  return [...closed.matchAll(CASE)].map(([, attributes, body = ""]) => {
    // Node escapes quotes in names twice.
    const name = attribute(attributes, "name").replaceAll("&quot;", '"');
    const failure = FAILURE.exec(body);
    if (failure !== null) {
      const message = decode(failure[2] ?? "").trim() ||
        attribute(failure[1], "message");
      return { name, status: "failed", message };
    }
    const skipped = body.includes("<skipped");
    return readSkipReason({
      name,
      status: skipped ? "skipped" : "passed",
      message: skipped ? "no reason given" : "",
    });
  });
}

function attribute(attributes: string, name: string): string {
  const found = new RegExp(`\\b${name}="([^"]*)"`).exec(attributes);
  return decode(found?.[1] ?? "");
}

function decode(text: string): string {
  return text.replace(/&(#x?)?([0-9a-z]+);/gi, (entity, number, value) => {
    if (number === undefined) return ENTITIES[value] ?? entity;
    return String.fromCodePoint(parseInt(value, number === "#" ? 10 : 16));
  });
}
