import {
  type Action,
  action,
  Config,
  DotFlow,
  NotifyDefault,
  type StepContext,
  Storage,
} from "@dotflow/dotflow";
import assert from "node:assert/strict";
import { test } from "./harness.ts";

// What is refused here is refused when it is compiled: an error that does not
// come is an error itself. Nothing of it runs.

const numbers = action("numbers", () => [1, 2, 3]);
const later = action("later", () => Promise.resolve("text"));
const sum = action(
  "sum",
  ({ previousContext }: StepContext<number[]>) =>
    previousContext.storage.reduce((total, n) => total + n, 0),
);
const shout = action(
  "shout",
  ({ previousContext }: StepContext<string>) =>
    previousContext.storage.toUpperCase(),
);

function _chains(workflow: DotFlow): void {
  // @ts-expect-error a bare function is no action
  workflow.task.add(() => 1);
  workflow.task.add(numbers).add(sum);
  workflow.task.add(later).add(shout);
  // @ts-expect-error a list of numbers is no text
  workflow.task.add(numbers).add(shout);
  // @ts-expect-error a number is no text
  workflow.task.add(numbers).add(sum).add(shout);
  // @ts-expect-error a text is no list of numbers
  workflow.task.add(later).add(sum);

  const groups = workflow.task.add(numbers, { groupName: "a" })
    .add(later, { groupName: "b" });
  groups.add(sum, { groupName: "a" }).add(shout, { groupName: "b" });
  // @ts-expect-error group a has a list of numbers
  groups.add(shout, { groupName: "a" });
  // @ts-expect-error group b has a text
  groups.add(sum, { groupName: "b" });

  workflow.task.add([numbers, later]).add(shout);
  workflow.task.add("./steps.ts#any").add(sum);
}

function _values(): void {
  const typed: Action<unknown, number[]> = numbers;
  // @ts-expect-error it gives a list of numbers
  const wrong: Action<unknown, string> = numbers;
  const awaited: Action<unknown, string> = later;
  return void [typed, wrong, awaited];
}

function _steps(): void {
  // @ts-expect-error a number is no action
  new DotFlow().task.add(5);
  // @ts-expect-error the step is missing
  action("name");
  // @ts-expect-error the option does not exist
  action({ retries: 3 }, () => 1);
  // @ts-expect-error attempts are counted in numbers
  action({ retry: "3" }, () => 1);
  // @ts-expect-error a step is given no such thing
  action(({ previous }) => previous);
  action(({ signal, attempt }) => {
    const numeric: number = attempt;
    const abort: AbortSignal = signal;
    // @ts-expect-error the attempt is a number
    const text: string = attempt;
    return [numeric, abort, text];
  });
}

function _options(workflow: DotFlow): void {
  // @ts-expect-error there is no such mode
  workflow.start({ mode: "paralel" });
  // @ts-expect-error there is no such option
  workflow.start({ modus: "parallel" });
  // @ts-expect-error there is no such word
  workflow.start({ onInputChange: "ignore" });
  // @ts-expect-error a number is no id
  new DotFlow({ workflowId: 5 });
  // @ts-expect-error a Config is made with new
  new DotFlow({ config: { keepRuns: 2 } });
  // @ts-expect-error it is no storage
  new Config({ storage: new NotifyDefault() });
  // @ts-expect-error there is no such family
  new Config({ storge: undefined });
  // @ts-expect-error there is no such option
  workflow.task.add(numbers, { group: "a" });
}

function _storages(): void {
  // @ts-expect-error it cannot be made without post and get
  new Storage();
  // @ts-expect-error get is missing
  class StorageHalf extends Storage {
    post(): void {}
  }
  return void StorageHalf;
}

class _Report {
  @action
  plain({ previousContext }: StepContext<number>): number {
    return previousContext.storage;
  }

  @action({ retry: 2 })
  async withOptions(_step: StepContext): Promise<string> {
    return await "text";
  }
}

function _methods(report: _Report, step: StepContext<number>): void {
  const one: number = report.plain(step);
  const two: Promise<string> = report.withOptions(step);
  // @ts-expect-error a decorated method keeps its type
  const three: string = report.plain(step);
  return void [one, two, three];
}

test("types: what compiles also runs", async () => {
  const workflow = new DotFlow();
  workflow.task.add(numbers, { groupName: "a" })
    .add(later, { groupName: "b" })
    .add(sum, { groupName: "a" })
    .add(shout, { groupName: "b" });
  await workflow.start();
  const results = [[1, 2, 3], "text", 6, "TEXT"];
  assert.deepEqual(workflow.resultStorage(), results);
});
