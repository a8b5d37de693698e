/**
 * Why a server has refused a request.
 *
 * @module
 */

import type { HttpAnswer } from "./retry.ts";
import { clean, parseObject, textOf } from "./said.ts";

/** A longer text is a page, and no description. */
const LONGEST_PLAIN = 200;

/**
 * Says why a request was refused.
 *
 * @param answer The answer.
 * @param secrets What must not be shown.
 * @returns The status, and what the server says of it.
 */
export function refusalOf(
  answer: HttpAnswer,
  secrets: readonly string[],
): string {
  const { status } = answer;
  if (status >= 300 && status < 400) {
    return `status ${status}, a redirect, which is not followed`;
  }
  const said = clean(descriptionOf(textOf(answer)) ?? "", secrets);
  return said === "" ? `status ${status}` : `status ${status}: ${said}`;
}

function descriptionOf(text: string): string | undefined {
  const body = parseObject(text);
  if (body === undefined) {
    return text.length > LONGEST_PLAIN || text.includes("<") ? undefined : text;
  }
  const { description, message, error, detail } = body;
  const said = [description, message, error, detail].find((word) =>
    typeof word === "string"
  );
  return said as string | undefined;
}
