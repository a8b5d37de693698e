/**
 * Assertions of the contract tests: small, so that they run everywhere.
 *
 * @module
 */

import { Context } from "../src/context.ts";
import type { Awaitable } from "../src/types.ts";

/**
 * Fails the test unless something holds.
 *
 * @param holds Whether it does.
 * @param problem What is wrong otherwise.
 */
export function check(holds: boolean, problem: string): asserts holds {
  if (!holds) throw new Error(problem);
}

/**
 * Fails the test unless two plain values have the same JSON.
 *
 * @param actual What there is.
 * @param expected What there should be.
 * @param what What it is, for the message.
 */
export function checkEqual(
  actual: unknown,
  expected: unknown,
  what: string,
): void {
  const [one, two] = [actual, expected].map((value) => JSON.stringify(value));
  check(one === two, `${what}: expected ${cut(two)}, but got ${cut(one)}`);
}

/**
 * Fails the test unless two Contexts are the same in everything: their text
 * form tells apart whatever can be stored.
 *
 * @param actual What there is.
 * @param expected What there should be.
 * @param what What it is, for the message.
 */
export function checkSame(
  actual: Context,
  expected: Context,
  what: string,
): void {
  check(actual instanceof Context, `${what}: got no Context`);
  const [one, two] = [actual, expected].map((context) => context.toText());
  check(one === two, `${what}: expected ${cut(two)}, but got ${cut(one)}`);
}

/**
 * Fails the test unless a Context is an empty one.
 *
 * @param context The Context.
 * @param what What it is, for the message.
 */
export function checkEmpty(context: Context, what: string): void {
  check(context instanceof Context, `${what}: got no Context`);
  check(
    context.taskId === undefined && context.storage === undefined,
    `${what}: expected an empty Context, but got one of ${context.taskId}`,
  );
}

/**
 * Fails the test unless a call is refused, at once or by its promise.
 *
 * @param call The call.
 * @param code The `code` of the expected error.
 * @param what What is called, for the message.
 */
export async function checkRefused(
  call: () => Awaitable<unknown>,
  code: string,
  what: string,
): Promise<void> {
  try {
    await call();
  } catch (error) {
    const given = (error as { code?: unknown } | null)?.code;
    check(
      given === code,
      `${what}: expected an error with code ${code}, but got ${error}`,
    );
    return;
  }
  throw new Error(`${what}: expected an error with code ${code}, but got none`);
}

/**
 * A Context as the run makes it.
 *
 * @param value The value.
 * @param taskId The task.
 * @returns The Context.
 */
export function contextOf(value: unknown, taskId = "task"): Context {
  const time = 1_700_000_000_123;
  const origin = { taskId, workflowId: "wf", runId: "run", time };
  return new Context({ storage: value, ...origin });
}

function cut(text: string): string {
  return text?.length > 200 ? `${text.slice(0, 200)}…` : text;
}
