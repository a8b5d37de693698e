/**
 * One attempt of a step: what the step is given, and its signal and timeout.
 *
 * @module
 */

import type { Context } from "../context.ts";
import type { LogFields, LogLevel } from "../contracts/log.ts";
import { TaskTimeoutError } from "../errors.ts";
import { keyPart } from "../key.ts";
import type { StepContext, StepLog } from "../step_context.ts";
import type { Task } from "../task.ts";
import type { Awaitable } from "../types.ts";
import type { ActiveRun } from "./active_run.ts";

/**
 * One attempt. Everything that a step may never ask for is made only when it
 * does: most steps use neither signal nor log, and a listener for each of
 * thousands of tasks would cost more than the tasks.
 */
export class Attempt implements StepContext {
  readonly task: Task;
  readonly attempt: number;
  readonly previousContext: Context;
  readonly #run: ActiveRun;
  readonly #method: string | undefined;
  #controller: AbortController | undefined;
  #ended = false;
  #reason: unknown = undefined;

  constructor(
    run: ActiveRun,
    task: Task,
    attempt: number,
    previousContext: Context,
    method: string | undefined,
  ) {
    this.#run = run;
    this.task = task;
    this.attempt = attempt;
    this.previousContext = previousContext;
    this.#method = method;
  }

  get initialContext(): Context {
    return this.task.initialContext;
  }

  // deno-lint-ignore no-explicit-any
  get input(): any {
    return this.#run.settings.input;
  }

  get workflowId(): string {
    return this.task.workflowId;
  }

  get runId(): string {
    return this.task.runId;
  }

  get epoch(): number {
    return this.#run.ownership?.epoch ?? 0;
  }

  get idempotencyKey(): string {
    const parts = [this.workflowId, this.runId, this.task.taskId];
    if (this.#method !== undefined) parts.push(this.#method);
    return parts.map(keyPart).join("/");
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#ended || this.#run.stopped) {
        this.#controller.abort(this.#reason ?? this.#run.stopReason);
      } else {
        this.#run.attempts.add(this);
      }
    }
    return this.#controller.signal;
  }

  get progress(): (fraction: number, message?: string) => void {
    return (fraction, message) => {
      if (this.#ended || this.#run.stopped) return;
      const within = Math.min(Math.max(Number(fraction) || 0, 0), 1);
      this.task.progress = { fraction: within, message };
      this.#run.events.emitTask("taskProgress", this.task);
    };
  }

  get log(): StepLog {
    const write =
      (level: LogLevel) => (message: string, fields: LogFields = {}) =>
        this.#run.log(level, message, {
          ...fields,
          task: this.task.snapshot(),
        });
    return {
      debug: write("DEBUG"),
      info: write("INFO"),
      warning: write("WARNING"),
      error: write("ERROR"),
    };
  }

  /** The attempt after this one. */
  next(): Attempt {
    const { task, attempt, previousContext } = this;
    return new Attempt(
      this.#run,
      task,
      attempt + 1,
      previousContext,
      this.#method,
    );
  }

  /**
   * Waits for the step, but no longer than it may take.
   *
   * @param step Runs the step.
   * @param timeoutMs How long it may take, in milliseconds.
   * @returns What the step gave.
   * @throws {TaskTimeoutError} If it took longer; its outcome is ignored then.
   */
  within<T>(step: () => Awaitable<T>, timeoutMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const stop = this.#run.timers.start(timeoutMs, () => {
        const error = new TaskTimeoutError(this.task.taskId, timeoutMs);
        reject(error);
        this.abort(error);
      });
      // An async function, so that a step that throws at once rejects as well.
      (async () => await step())().then(resolve, reject).finally(stop);
    });
  }

  /**
   * Aborts the step's signal, if it has one.
   *
   * @param reason Why.
   */
  abort(reason: unknown): void {
    this.#reason = reason;
    this.end();
    this.#controller?.abort(reason);
  }

  /** Ends the attempt: what the step still does is of no effect. */
  end(): void {
    this.#ended = true;
    if (this.#controller !== undefined) this.#run.attempts.delete(this);
  }
}
