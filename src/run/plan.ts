/**
 * What a run is going to do: its tasks in groups, with every step at hand.
 *
 * @module
 */

import { type Action, specOf, type StepSpec } from "../action.ts";
import { describe } from "../describe.ts";
import { ImportModuleError, MissingActionDecorator } from "../errors.ts";
import type { TaskCallback, TaskDefinition } from "../task_builder.ts";
import { importAttribute } from "./import_attribute.ts";
import type { Mode } from "./options.ts";

/** A task as every run needs it: its step imported. */
export interface PlannedStep extends TaskDefinition {
  /** What to run and how. */
  readonly spec: StepSpec;
  /** What to call after the task has ended. */
  readonly callback: TaskCallback | undefined;
}

/** Which modes run tasks in the same order. */
export type Order = "sequential" | "parallel" | "parallel_group";

/** What a record says of a run's tasks, to compare it on a resume. */
export interface Shape {
  /** The order that tasks run in. */
  readonly mode: Order;
  /** The groups in order of first appearance, each with its tasks. */
  readonly groups: readonly (readonly [
    name: string,
    taskIds: readonly string[],
  ])[];
}

/**
 * Imports every step and callback that was given as a string.
 *
 * @param definitions The tasks.
 * @returns The tasks with their steps.
 * @throws {ImportModuleError} If a string does not resolve, or that of a
 * callback leads to no function.
 * @throws {MissingActionDecorator} If a string leads to no action.
 */
export async function planSteps(
  definitions: readonly TaskDefinition[],
): Promise<PlannedStep[]> {
  const planned: PlannedStep[] = [];
  for (const definition of definitions) {
    planned.push(isPlanned(definition) ? definition : await plan(definition));
  }
  return planned;
}

function isPlanned(definition: TaskDefinition): definition is PlannedStep {
  return definition.spec !== undefined &&
    typeof definition.callback !== "string";
}

async function plan(definition: TaskDefinition): Promise<PlannedStep> {
  let { step, callback } = definition;
  if (typeof step === "string") step = await importAttribute(step) as Action;
  if (typeof callback === "string") callback = await importCallback(callback);
  const spec = specOf(step);
  if (spec !== undefined) return { ...definition, spec, callback };
  throw new MissingActionDecorator(
    `${describe(step)} (${describe(definition.step)})`,
  );
}

async function importCallback(specifier: string): Promise<TaskCallback> {
  const callback = await importAttribute(specifier);
  if (typeof callback === "function") return callback as TaskCallback;
  const given = describe(callback);
  throw new ImportModuleError(specifier, `it is ${given}, no function`);
}

/**
 * Puts together what has the same name, in the order of first appearance.
 *
 * @param items The items.
 * @param nameOf Gives the name of an item.
 * @returns The items by name.
 */
export function groupBy<T>(
  items: readonly T[],
  nameOf: (item: T) => string,
): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = nameOf(item);
    const group = groups.get(name);
    if (group) group.push(item);
    else groups.set(name, [item]);
  }
  return groups;
}

/**
 * The shape of a workflow's tasks.
 *
 * @param definitions The tasks.
 * @param mode The mode.
 * @returns The shape.
 */
export function shapeOf(
  definitions: readonly TaskDefinition[],
  mode: Mode,
): Shape {
  const groups = groupBy(definitions, (definition) => definition.groupName);
  return {
    mode: mode.startsWith("parallel") ? mode as Order : "sequential",
    groups: Array.from(
      groups,
      ([name, tasks]) => [name, tasks.map((task) => task.taskId)],
    ),
  };
}

/**
 * Finds how one shape does not continue another. Tasks and groups that were
 * appended continue it; everything else does not.
 *
 * @param before The shape in the record.
 * @param now The shape of the workflow as it is.
 * @returns The first difference, in words; undefined if there is none.
 */
export function differenceOf(before: Shape, now: Shape): string | undefined {
  if (before.mode !== now.mode) {
    return `its mode was "${before.mode}" and is "${now.mode}"`;
  }
  const homes = new Map(
    now.groups.flatMap(([name, ids]) => ids.map((id) => [id, name])),
  );
  for (const [index, [name, ids]] of before.groups.entries()) {
    const current = now.groups[index];
    for (const [place, id] of ids.entries()) {
      const home = homes.get(id);
      const task = `task ${JSON.stringify(id)}`;
      if (home === undefined) return `${task} was removed or renamed`;
      if (home !== name) {
        return `${task} was moved from group ${JSON.stringify(name)} to ` +
          JSON.stringify(home);
      }
      if (current[0] === name && current[1][place] !== id) {
        return `${task} was moved to another place in its group`;
      }
    }
    if (current[0] !== name) {
      return `group ${JSON.stringify(name)} was moved to another place`;
    }
  }
  return undefined;
}
