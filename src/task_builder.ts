/**
 * The tasks of a workflow, before any run.
 *
 * @module
 */

import { type Action, specOf, type StepSpec } from "./action.ts";
import { Context } from "./context.ts";
import { describe } from "./describe.ts";
import { MissingActionDecorator } from "./errors.ts";
import { keyPart } from "./key.ts";
import {
  type Check,
  kindOf,
  optional,
  readOptions,
  toAny,
  toName,
} from "./options.ts";
import type { Task, TaskResult } from "./task.ts";
import type { Awaitable } from "./types.ts";

/** Called with a task after it has ended. */
export type TaskCallback = (task: Task) => Awaitable<void>;

/** How a task is placed in a workflow. */
export interface AddOptions<Group extends string = string> {
  /** The name that the id is made from. @default The action's name */
  readonly name?: string;
  /** A value, or a Context, that the step is given. */
  readonly initialContext?: unknown;
  /** The group. @default "default" */
  readonly groupName?: Group;
  /** Called after the task has ended; a function, or a string like a step's. */
  readonly callback?: TaskCallback | string;
}

/** A task as it was added: what every run makes a `Task` of. */
export interface TaskDefinition {
  /** The id, stable over processes and machines. */
  readonly taskId: string;
  /** The id as a part of a key. */
  readonly part: string;
  /** The name that the id was made from. */
  readonly name: string;
  /** The group. */
  readonly groupName: string;
  /** The step: an action, or where to import it from. */
  readonly step: Action | string;
  /** What to run and how; undefined until it is imported. */
  readonly spec: StepSpec | undefined;
  /** What was given as initial context. */
  readonly initialContext: Context;
  /** What to call after the task has ended. */
  readonly callback: TaskCallback | string | undefined;
}

/** What `TaskBuilder.schema` tells of a task. */
export interface TaskSchema {
  /** The id, stable over processes and machines. */
  readonly taskId: string;
  /** The name that the id was made from. */
  readonly name: string;
  /** The group. */
  readonly groupName: string;
  /** Where the step is imported from; undefined for an action. */
  readonly step: string | undefined;
  /** How many attempts are made; undefined before a string is imported. */
  readonly retry: number | undefined;
  /** How long an attempt may take, in milliseconds. */
  readonly timeout: number | undefined;
}

/** What the task before gives, as far as the types know. */
export type PreviousOf<Groups, Group extends string> = Group extends
  keyof Groups ? Groups[Group]
  // deno-lint-ignore no-explicit-any
  : any;

/** The groups after a step was added to one of them. */
export type WithResult<Groups, Group extends string, Result> = {
  [name in keyof Groups | Group]: name extends Group ? Result
    : name extends keyof Groups ? Groups[name]
    : never;
};

/** A list of steps, each fitting the one before. */
export type Chain<Previous, Steps> = Steps extends
  readonly [infer Head, ...infer Rest] ? readonly [
    Head extends Action<never, infer Result> ? Action<Previous, Result> : Head,
    ...Chain<ResultOf<Head>, Rest>,
  ]
  : Steps;

/** What a step gives, as far as the types know. */
export type ResultOf<Step> = Step extends Action<never, infer Result> ? Result
  // deno-lint-ignore no-explicit-any
  : any;

/** What the last step of a list gives, as far as the types know. */
export type LastResult<Steps> = Steps extends
  readonly [...unknown[], infer Last] ? ResultOf<Last>
  // deno-lint-ignore no-explicit-any
  : any;

const CHECKS = {
  name: optional(toName),
  initialContext: toAny,
  groupName: optional(toName, "default"),
  callback: optional(kindOf<TaskCallback | string>(
    (value) =>
      typeof value === "function" || typeof value === "string" && value !== "",
    "a function or a string",
  )),
} satisfies Record<keyof AddOptions, Check<unknown>>;

const EMPTY = new Context({ time: 0 });

/**
 * Collects the tasks of a workflow. Its type carries what the last step of each
 * group gives, so that a chain of `add` refuses, when it is compiled, a step
 * that does not fit the one before.
 */
// deno-lint-ignore ban-types
export class TaskBuilder<Groups = {}> {
  #definitions: TaskDefinition[] = [];
  #ids: Set<string> = new Set();
  #occurrences: Map<string, number> = new Map();
  readonly #result: () => TaskResult[];

  /**
   * Makes a `TaskBuilder`.
   *
   * @param result Gives the results of the latest run, for `result`.
   */
  constructor(result: () => TaskResult[] = () => []) {
    this.#result = result;
  }

  /**
   * Adds a step, or several with the same options.
   *
   * @param step An action, or a list of them.
   * @param options How the task is placed.
   * @returns The same builder.
   * @throws {MissingActionDecorator} If the step is no action.
   * @throws {InvalidOptionError} If an option is unknown or not allowed.
   */
  add<Result, Group extends string = "default">(
    step: Action<PreviousOf<Groups, Group>, Result>,
    options?: AddOptions<Group>,
  ): TaskBuilder<WithResult<Groups, Group, Result>>;
  /** Adds several steps, each fitting the one before. */
  add<
    const Steps extends readonly (Action | string)[],
    Group extends string = "default",
  >(
    steps: Steps & Chain<PreviousOf<Groups, Group>, Steps>,
    options?: AddOptions<Group>,
  ): TaskBuilder<WithResult<Groups, Group, LastResult<Steps>>>;
  /** Adds a step that is imported when a run starts. */
  add<Group extends string = "default">(
    step: string,
    options?: AddOptions<Group>,
    // deno-lint-ignore no-explicit-any
  ): TaskBuilder<WithResult<Groups, Group, any>>;
  add(
    step: Action | string | readonly (Action | string)[],
    options: AddOptions = {},
  ): unknown {
    const given = readOptions(options, "add", CHECKS);
    const { groupName, callback } = given;
    const steps = Array.isArray(step) ? step : [step];
    const names = steps.map((one) => nameOf(one, given.name));
    const initialContext = given.initialContext === undefined
      ? EMPTY
      : new Context({ storage: given.initialContext });
    steps.forEach((one, index) => {
      const name = names[index] ?? `task-${this.#definitions.length + 1}`;
      const taskId = this.#newId(name);
      const part = keyPart(taskId);
      this.#definitions.push({
        taskId,
        part,
        name,
        groupName,
        step: one,
        spec: specOf(one),
        initialContext,
        callback,
      });
    });
    return this;
  }

  /**
   * Counts the tasks.
   *
   * @returns How many there are.
   */
  count(): number {
    return this.#definitions.length;
  }

  /** Takes all tasks out. */
  clear(): void {
    this.#definitions = [];
    this.#ids.clear();
    this.#occurrences.clear();
  }

  /** Turns the order of the tasks around; each keeps its id. */
  reverse(): void {
    this.#definitions.reverse();
  }

  /**
   * Describes the tasks.
   *
   * @returns Plain data, in the order of `add`.
   */
  schema(): TaskSchema[] {
    return this.#definitions.map(({ taskId, name, groupName, step, spec }) => {
      const settings = spec?.settings;
      return {
        taskId,
        name,
        groupName,
        step: typeof step === "string" ? step : undefined,
        retry: settings?.attempts,
        timeout: settings?.timeoutMs,
      };
    });
  }

  /**
   * Describes the tasks of the latest run and what became of them.
   *
   * @returns Plain data, in the order of `add`.
   * @throws {NotStartedError} If there was no run yet.
   */
  result(): TaskResult[] {
    return this.#result();
  }

  /** The tasks as they were added. */
  get definitions(): readonly TaskDefinition[] {
    return this.#definitions;
  }

  /** The name, or the name and the first free number behind it. */
  #newId(name: string): string {
    let occurrence = (this.#occurrences.get(name) ?? 0) + 1;
    let id = occurrence === 1 ? name : `${name}-${occurrence}`;
    while (this.#ids.has(id)) id = `${name}-${++occurrence}`;
    this.#occurrences.set(name, occurrence);
    this.#ids.add(id);
    return id;
  }
}

/** The name of a step; undefined where it has none. */
function nameOf(
  step: Action | string,
  name: string | undefined,
): string | undefined {
  const spec = specOf(step);
  if (spec === undefined && (typeof step !== "string" || step === "")) {
    throw new MissingActionDecorator(describe(step));
  }
  if (name !== undefined) return name;
  return spec === undefined ? attributeOf(step as string) : spec.settings.name;
}

function attributeOf(specifier: string): string | undefined {
  return /[#:]([^#:/\\]+)$/.exec(specifier)?.[1];
}
