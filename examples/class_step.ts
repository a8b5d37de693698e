/**
 * A class as one step: its methods that are actions run in the order of the
 * source, each with its own retry, and the task's result is what all of them
 * gave. It is committed once, after the last method.
 *
 * ```sh
 * deno run -A examples/class_step.ts
 * ```
 *
 * @module
 */

import {
  action,
  type Context,
  DotFlow,
  type StepContext,
} from "@dotflow/dotflow";

class Invoice {
  readonly #currency = "EUR";

  @action
  collect(): number[] {
    return [19.5, 7.25, 12];
  }

  @action({ retry: 3, retryDelay: "10ms" })
  total({ previousContext, attempt }: StepContext<number[]>): number {
    if (attempt === 1) throw new Error("Cannot reach the exchange");
    return previousContext.storage.reduce((sum, price) => sum + price, 0);
  }

  @action({ timeout: "1s" })
  print({ previousContext }: StepContext<number>): string {
    return `${previousContext.storage.toFixed(2)} ${this.#currency}`;
  }
}

const workflow = new DotFlow();
workflow.task.add(action("invoice", Invoice));
const run = await workflow.start();

const contexts: Context[] = run.tasks[0].currentContext.storage;
console.log(run.status, contexts.map((context) => context.storage));
