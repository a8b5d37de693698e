import {
  action,
  Config,
  type Context,
  DotFlow,
  Storage,
} from "@dotflow/dotflow";
import { rejectsWith } from "./flow.ts";
import { test } from "./harness.ts";

/** A storage that takes everything and never answers a question. */
class StorageSilent extends Storage {
  post(): void {}

  get(): Promise<Context> {
    return new Promise(() => {});
  }
}

function silent(): DotFlow {
  const config = new Config({
    storage: new StorageSilent(),
    drainTimeout: 20,
  });
  const workflow = new DotFlow({ workflowId: "wf", config });
  workflow.task.add(action("step", () => 1));
  return workflow;
}

test("opening: a storage that never answers ends with the run's timeout", async () => {
  await rejectsWith(silent().start({ timeout: 20 }), "WORKFLOW_TIMEOUT");
});

test("opening: a signal that has aborted already ends it too", async () => {
  const started = silent().start({ signal: AbortSignal.abort() });
  await rejectsWith(started, "WORKFLOW_CANCELLED");
});

test("opening: a signal ends a start that has no run yet", async () => {
  const controller = new AbortController();
  const started = silent().start({ signal: controller.signal });
  controller.abort(new Error("user left"));
  await rejectsWith(started, "WORKFLOW_CANCELLED");
});
