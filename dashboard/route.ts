/**
 * Where in the page somebody is: the part of the address behind `#`.
 *
 * @module
 */

import { fromPathPart, toPathPart } from "../src/wire.ts";

/** What the list of runs shows. */
export interface Filters {
  /** Where runs stand; empty for all. */
  readonly status: string;
  /** A part of the workflow's id or name, or of the run's id. */
  readonly text: string;
  /** How long ago they began at most, such as `"24h"`; empty for all. */
  readonly time: string;
}

/** A place in the page. */
export type Route =
  | { readonly view: "runs"; readonly filters: Filters }
  | {
    readonly view: "run";
    readonly workflow: string;
    readonly run: string;
    readonly task?: string;
  };

/** No filters. */
export const ALL: Filters = { status: "", text: "", time: "" };

/**
 * Reads a place.
 *
 * @param hash What stands behind the address, with its `#`.
 * @returns The place; the list of all runs for what is none.
 */
export function readRoute(hash: string): Route {
  const [path, query = ""] = hash.replace(/^#/, "").split("?");
  const [, runs, workflow, run, tasks, task] = path.split("/").map(
    fromPathPart,
  );
  if (runs === "runs" && workflow && run) {
    return tasks === "tasks" && task
      ? { view: "run", workflow, run, task }
      : { view: "run", workflow, run };
  }
  const params = new URLSearchParams(query);
  const read = (name: string) => params.get(name) ?? "";
  const [status, text, time] = ["status", "text", "time"].map(read);
  return { view: "runs", filters: { status, text, time } };
}

/**
 * Writes the place of the list.
 *
 * @param filters What it shows.
 * @returns What stands behind the address.
 */
export function toRuns(filters: Filters = ALL): string {
  const params = new URLSearchParams(
    Object.entries(filters).filter(([, value]) => value !== ""),
  );
  return params.size === 0 ? "#/runs" : `#/runs?${params}`;
}

/** What names a run. */
export interface RunName {
  /** The workflow. */
  readonly workflow_id: string;
  /** The run. */
  readonly run_id: string;
}

/**
 * Writes the place of a run.
 *
 * @param name The run.
 * @returns What stands behind the address.
 */
export function toRun({ workflow_id, run_id }: RunName): string {
  return `#/runs/${toPathPart(workflow_id)}/${toPathPart(run_id)}`;
}

/**
 * Writes the place of a task.
 *
 * @param name The run.
 * @param task The task.
 * @returns What stands behind the address.
 */
export function toTask(name: RunName, task: string): string {
  return `${toRun(name)}/tasks/${toPathPart(task)}`;
}

/**
 * Writes the path of a run on the server.
 *
 * @param name The run.
 * @returns The path, relative to the page.
 */
export function apiRun({ workflow_id, run_id }: RunName): string {
  return `api/workflows/${toPathPart(workflow_id)}/runs/${toPathPart(run_id)}`;
}

/**
 * Writes the path of a task on the server.
 *
 * @param name The run.
 * @param task The task.
 * @returns The path, relative to the page.
 */
export function apiTask(name: RunName, task: string): string {
  return `${apiRun(name)}/tasks/${toPathPart(task)}`;
}
