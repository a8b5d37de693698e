/**
 * What a run was started with, as a short text, so that a resume can tell
 * whether it is given the same.
 *
 * @module
 */

import { encode } from "./codec.ts";
import type { Context } from "./context.ts";
import { sha256Hex } from "./sha256.ts";

/** A task with its initial context. */
export interface InitialContext {
  /** The task. */
  readonly taskId: string;
  /** What was given to `add`; without a value: nothing. */
  readonly initialContext: Context;
}

/**
 * The fingerprint of an input. The order of keys in objects does not matter.
 *
 * @param input The `input` of `start`.
 * @param tasks The tasks whose initial contexts count.
 * @returns A SHA-256 in hex; an empty text if nothing was given at all.
 * @throws {UnstorableValueError} If a value cannot be written down.
 */
export function fingerprintOf(
  input: unknown,
  tasks: readonly InitialContext[],
): string {
  const parts: [string, string][] = [];
  const add = (name: string, value: unknown, path: string) => {
    if (value === undefined) return;
    parts.push([name, encode(value, path, { sorted: true }).text]);
  };
  add("", input, "input");
  for (const { taskId, initialContext } of tasks) {
    add(taskId, initialContext.storage, `initialContext of ${taskId}`);
  }
  return parts.length === 0 ? "" : sha256Hex(JSON.stringify(parts));
}
