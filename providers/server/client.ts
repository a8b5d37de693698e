/**
 * What the remote API is told of runs and tasks: which call, in which words.
 *
 * @module
 */

import type { RunInfo } from "../../src/run_info.ts";
import type { Task } from "../../src/task.ts";
import { toPathPart } from "../../src/wire.ts";
import { runBody, taskBody, workflowBody } from "./body.ts";
import { Outbox } from "./outbox.ts";
import { type Message, send } from "./send.ts";
import type { Target } from "./settings.ts";

/** How many runs are kept in mind. */
const MOST_RUNS = 1_000;
/** How long nobody is told again how far a task is, in milliseconds. */
const PROGRESS_MS = 100;

/** What is kept in mind of a run. */
interface Known {
  /** The places of its tasks. */
  readonly positions: ReadonlyMap<string, number>;
  /** What was told of a task last, but for how far it is; and when. */
  readonly told: Map<string, { readonly what: string; readonly atMs: number }>;
}

const ROOT = "/cli/workflows";

/** The client of one remote API. */
export class Client {
  readonly #outbox: Outbox;
  readonly #live: boolean;
  readonly #known: Map<string, Known> = new Map();

  /**
   * Makes a client, which does nothing yet.
   *
   * @param target The API.
   */
  constructor(target: Target) {
    this.#live = target.live;
    this.#outbox = new Outbox(
      (message) => send(target, message),
      target.timeoutMs,
    );
  }

  /**
   * Tells of a workflow whose id was generated.
   *
   * @param run Its run.
   */
  createWorkflow(run: RunInfo): void {
    this.#learn(run);
    this.#tell(run, {
      method: "POST",
      path: ROOT,
      body: workflowBody(run),
    });
  }

  /**
   * Tells where a run stands.
   *
   * @param run The run.
   */
  updateWorkflow(run: RunInfo): void {
    if (run.status === "In progress") this.#learn(run);
    else this.#known.delete(keyOf(run));
    this.#tell(run, {
      method: "PATCH",
      path: `${ROOT}/${toPathPart(run.workflowId)}`,
      body: runBody(run),
    });
  }

  /**
   * Tells of a task of a run that starts.
   *
   * @param task The task.
   */
  createTask(task: Task): void {
    this.#tell(task, {
      method: "POST",
      path: `${ROOT}/${toPathPart(task.workflowId)}/tasks`,
      body: taskBody(task, this.#positionOf(task)),
    });
  }

  /**
   * Tells how a task stands now.
   *
   * @param task The task.
   */
  updateTask(task: Task): void {
    const { taskId, status } = task;
    const isOver = status === "Completed" || status === "Failed";
    if (!isOver && (!this.#live || !this.#isNews(task))) return;
    const path = `${ROOT}/${toPathPart(task.workflowId)}/tasks/` +
      toPathPart(taskId);
    const body = taskBody(task, this.#positionOf(task));
    this.#tell(task, { method: "PATCH", path, body }, { taskId, status });
  }

  /**
   * Takes note of what was lost before it came here.
   *
   * @param count How much.
   */
  lose(count: number): void {
    this.#outbox.lose(count, "more came than could be sent");
  }

  /**
   * Waits until all was sent or given up, as far as it can be soon.
   *
   * @throws {DeliveryError} If some was given up, or the API asks to wait long.
   */
  flush(): Promise<void> {
    return this.#outbox.flush();
  }

  #tell(
    of: RunInfo | Task,
    message: Message,
    state?: { readonly taskId: string; readonly status: string },
  ): void {
    const { taskId, status } = state ?? {};
    this.#outbox.add(keyOf(of), { message, taskId, status });
  }

  #learn(run: RunInfo): void {
    const key = keyOf(run);
    if (this.#known.has(key)) return;
    const places = run.tasks.map(({ taskId }, n) => [taskId, n] as const);
    this.#known.set(key, { positions: new Map(places), told: new Map() });
    if (this.#known.size <= MOST_RUNS) return;
    const [oldest] = this.#known.keys();
    this.#known.delete(oldest);
  }

  #positionOf(task: Task): number | undefined {
    return this.#known.get(keyOf(task))?.positions.get(task.taskId);
  }

  /** A step may tell how far it is at every turn. */
  #isNews(task: Task): boolean {
    const known = this.#known.get(keyOf(task));
    if (known === undefined) return true;
    const { taskId, status, retryCount, errors } = task;
    const what = `${status} ${retryCount} ${errors.length}`;
    const atMs = performance.now();
    const last = known.told.get(taskId);
    if (last?.what === what && atMs < last.atMs + PROGRESS_MS) return false;
    known.told.set(taskId, { what, atMs });
    return true;
  }
}

function keyOf({ workflowId, runId }: RunInfo | Task): string {
  return JSON.stringify([workflowId, runId]);
}
