/**
 * A step and how it is to be run: `action` wraps a function, or decorates a
 * method.
 *
 * @module
 */

import { describe } from "./describe.ts";
import {
  type ActionOptions,
  type ActionSettings,
  toSettings,
} from "./action_options.ts";
import { InvalidOptionError } from "./errors.ts";
import { expect } from "./options.ts";
import type { StepContext } from "./step_context.ts";
import type { Awaitable } from "./types.ts";

/** A function that can be a step. */
// deno-lint-ignore no-explicit-any
export type StepFunction<Previous = any, Result = unknown> = (
  step: StepContext<Previous>,
) => Awaitable<Result>;

/** A step, as `action` makes it. It can still be called like a function. */
// deno-lint-ignore no-explicit-any
export interface Action<Previous = any, Result = any> {
  /** Calls the step itself: once, without retry, timeout or checkpoint. */
  (step: StepContext<Previous>): Awaitable<Result>;
  /** How the step is run, with all defaults. */
  readonly settings: ActionSettings;
}

/** A class that can be a step: its methods that are actions are run. */
// deno-lint-ignore no-explicit-any
export type StepClass = new (step: StepContext) => any;

/** What `action` returns when it is given options only. */
// deno-lint-ignore no-explicit-any
export type ActionDecorator = <M extends (this: any, ...args: any[]) => any>(
  method: M,
  context: ClassMethodDecoratorContext,
) => M;

const ACTION = Symbol.for("dotflow.action");

/** Decorates a method: `@action`. */
// deno-lint-ignore no-explicit-any
export function action<This, M extends (this: This, ...args: any[]) => any>(
  method: M,
  context: ClassMethodDecoratorContext<This, M>,
): M;
/**
 * Makes a step of a function.
 *
 * @example
 * ```ts
 * import { action } from "@dotflow/dotflow";
 *
 * const load = action("load", { retry: 3, timeout: "10s" }, async ({ signal }) => {
 *   const response = await fetch("https://example.com/users", { signal });
 *   return await response.json();
 * });
 * ```
 *
 * @example Methods of a class
 * ```ts
 * import { action, type StepContext } from "@dotflow/dotflow";
 *
 * class Report {
 *   @action
 *   collect() {
 *     return [1, 2, 3];
 *   }
 *
 *   @action({ retry: 2 })
 *   total({ previousContext }: StepContext<number[]>) {
 *     return previousContext.storage.reduce((sum, n) => sum + n, 0);
 *   }
 * }
 *
 * const report = action("report", Report);
 * ```
 *
 * @param fn The function, or a class whose methods are actions.
 * @returns The step.
 * @throws {InvalidOptionError} If an option is unknown or not allowed, or if it
 * is used as a legacy (`experimentalDecorators`) decorator.
 */
// deno-lint-ignore no-explicit-any
export function action<Previous = any, Result = unknown>(
  fn: StepFunction<Previous, Result>,
): Action<Previous, Awaited<Result>>;
/** Makes a step of a class. */
export function action(fn: StepClass): Action;
/** Makes a step of a function, with a name. */
// deno-lint-ignore no-explicit-any
export function action<Previous = any, Result = unknown>(
  name: string,
  fn: StepFunction<Previous, Result>,
): Action<Previous, Awaited<Result>>;
/** Makes a step of a class, with a name. */
export function action(name: string, fn: StepClass): Action;
/** Makes a step of a function, with options. */
// deno-lint-ignore no-explicit-any
export function action<Previous = any, Result = unknown>(
  options: ActionOptions,
  fn: StepFunction<Previous, Result>,
): Action<Previous, Awaited<Result>>;
/** Makes a step of a class, with options. */
export function action(options: ActionOptions, fn: StepClass): Action;
/** Makes a step of a function, with a name and options. */
// deno-lint-ignore no-explicit-any
export function action<Previous = any, Result = unknown>(
  name: string,
  options: ActionOptions,
  fn: StepFunction<Previous, Result>,
): Action<Previous, Awaited<Result>>;
/** Makes a step of a class, with a name and options. */
export function action(
  name: string,
  options: ActionOptions,
  fn: StepClass,
): Action;
/** Gives a decorator for a method: `@action({ retry: 3 })`. */
export function action(options: ActionOptions): ActionDecorator;
export function action(...given: unknown[]): unknown {
  const [first, second] = given;
  if (isDecoratorContext(second)) return decorate(first, {}, second);
  if (typeof first !== "string" && typeof second === "string") {
    throw new InvalidOptionError(
      `Cannot decorate ${describe(second)} in the legacy way: remove ` +
        `"experimentalDecorators"`,
    );
  }
  const name = typeof first === "string" ? given.shift() as string : undefined;
  const hasOptions = given.length > 1 || typeof given[0] === "object";
  const options = (hasOptions ? given.shift() : {}) as ActionOptions;
  if (hasOptions && name === undefined && given.length === 0) {
    toSettings(options);
    return (method: unknown, context: ClassMethodDecoratorContext) =>
      decorate(method, options, context);
  }
  const [fn] = given;
  expect(
    typeof fn === "function" && given.length === 1,
    fn,
    "the step of an action",
    "a function",
  );
  const step = fn as StepFunction;
  return wrap(step, toSettings(options, name, step.name));
}

/** A step as the run needs it. */
export interface StepSpec {
  /** What to call. */
  readonly run: StepFunction;
  /** How. */
  readonly settings: ActionSettings;
}

/**
 * Finds out whether a value is an action, of whichever copy of the package.
 *
 * @param value What is asked about.
 * @returns What to run and how; undefined if it is no action.
 */
export function specOf(value: unknown): StepSpec | undefined {
  return typeof value === "function"
    ? (value as { [ACTION]?: StepSpec })[ACTION]
    : undefined;
}

function wrap(fn: StepFunction, settings: ActionSettings): Action {
  const run: StepFunction =
    /^class\b/.test(Function.prototype.toString.call(fn))
      ? (step) => new (fn as unknown as StepClass)(step)
      : fn;
  const callable = (step: StepContext) => run(step);
  return withSpec(Object.assign(callable, { settings }), { run, settings });
}

function decorate(
  method: unknown,
  options: ActionOptions,
  context: ClassMethodDecoratorContext,
): unknown {
  if (
    typeof method !== "function" || !isDecoratorContext(context) ||
    context.kind !== "method" || context.static || context.private
  ) {
    throw new InvalidOptionError(
      `Cannot decorate ${describe(context?.name ?? method)} with @action: ` +
        `only public methods of instances can be actions`,
    );
  }
  const settings = toSettings(options, undefined, String(context.name));
  return withSpec(method, { run: method as StepFunction, settings });
}

function withSpec<F>(fn: F, spec: StepSpec): F {
  Object.defineProperty(fn, ACTION, { value: spec, configurable: true });
  return fn;
}

function isDecoratorContext(
  value: unknown,
): value is ClassMethodDecoratorContext {
  const context = value as ClassMethodDecoratorContext | null | undefined;
  return typeof context?.addInitializer === "function";
}
