/**
 * Workflows and moments for the tests.
 *
 * @module
 */

import {
  type Action,
  action,
  type ActionOptions,
  Config,
  type ConfigOptions,
  DotFlow,
  type Storage,
} from "@dotflow/dotflow";
import assert from "node:assert/strict";

/** A promise that the test itself settles. */
export interface Moment<T = void> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** Makes a promise that the test itself settles. */
export function moment<T = void>(): Moment<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** Waits. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Makes a workflow over a storage, under an id that is fixed. */
export function flowOn(
  storage: Storage,
  workflowId = "wf",
  options: ConfigOptions = {},
): DotFlow {
  const config = new Config({ storage, ...options });
  return new DotFlow({ workflowId, config });
}

/** A step that fails as often as it is told, and then gives a value. */
export function failing(
  times: number,
  options: ActionOptions = {},
  value: unknown = "done",
): Action & { attempts: number[] } {
  const attempts: number[] = [];
  const step = action(
    { name: "failing", retryDelay: 0, ...options },
    ({ attempt }) => {
      attempts.push(attempt);
      if (attempts.length <= times) throw new Error(`failure ${attempt}`);
      return value;
    },
  );
  return Object.assign(step, { attempts });
}

/** Asserts that a promise rejects with an error of a code, which it gives. */
export async function rejectsWith(
  promise: Promise<unknown>,
  code: string,
  message: RegExp = /^Cannot /,
): Promise<Error & { code: string }> {
  const error = await promise.then(
    () => assert.fail(`expected ${code}, but nothing was thrown`),
    (error) => error,
  );
  assert.equal(error.code, code, String(error?.stack ?? error));
  assert.match(error.message, message);
  return error;
}

/** Asserts that a call throws an error of a code, which it gives. */
export function throwsWith(
  call: () => unknown,
  code: string,
  message: RegExp = /^Cannot /,
): Promise<Error & { code: string }> {
  return rejectsWith((async () => await call())(), code, message);
}
