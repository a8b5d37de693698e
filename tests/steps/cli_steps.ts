/**
 * Steps and workflows that tests start by the command line.
 *
 * @module
 */

import {
  action,
  Config,
  DotFlow,
  LogDefault,
  NonRetryableError,
} from "@dotflow/dotflow";
import { StorageFile } from "@dotflow/dotflow/providers/storage-file";

export const echo = action("echo", ({ initialContext, input, log }) => {
  log.info("seen", { odd: "\x1b[2J" });
  return { initial: initialContext.storage, input };
});

export const double = action(
  "double",
  ({ previousContext }) => 2 * (previousContext.storage ?? 21),
);

export const loud = action("loud", () => {
  console.log("loud says hello");
  process.stdout.write("and writes\n");
  return "done";
});

/** Prints by each method of the console that writes to standard output. */
export const chatty = action("chatty", () => {
  console.log("by log");
  console.info("by info");
  console.debug("by debug");
  console.dir({ by: "dir" });
  console.dirxml("by dirxml");
  console.table([{ by: "table" }]);
  console.count("by count");
  console.countReset("by count");
  console.time("by time");
  console.timeLog("by time", "log");
  console.timeEnd("by time");
  console.group("by group");
  console.log("indented");
  console.groupEnd();
  console.groupCollapsed("by groupCollapsed");
  console.groupEnd();
  console.clear();
  // Only Bun has it.
  (console as { write?: (text: string) => void }).write?.("by write\n");
  console.trace("by trace");
  console.assert(false, "by assert");
  process.stdout.write("by stream\n");
});

export const broken = action(
  "broken",
  { retry: 2, retryDelay: 1 },
  () => {
    throw new Error("no \x1b[2J luck");
  },
);

export const slow = action("slow", async ({ signal, progress }) => {
  progress(0.5, "halfway");
  await new Promise((_, reject) => {
    const timer = setTimeout(() => {}, 60_000);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
});

/** A step that ends when the file that is its input is there. */
export const waiting = action("waiting", async ({ input }) => {
  const { access } = await import("node:fs/promises");
  for (;;) {
    try {
      await access(input as string);
      return "seen";
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
});

export const leaky = action("leaky", () => {
  setInterval(() => {}, 1_000);
  return 1;
});

export const large = action("large", () => "x".repeat(3_000_000));

export const odd = action("odd", () => ({
  big: 1n,
  map: new Map([["a", new Date(0)]]),
  text: "line\n\x1b[31m",
}));

/** What would clear a terminal, name its window, or forge a line. */
const FORGED = "a\x1b[2Jb\x1b]0;c\x07d\re\nf\x9bg";

export const hostile = action("hostile", ({ log, progress }) => {
  log.warning(FORGED, { field: FORGED });
  progress(0.5, FORGED);
  return FORGED;
});

/** A list in a list, a hundred times. */
export const deep = action("deep", () => {
  let value: unknown = /x/g;
  for (let depth = 0; depth < 100; depth++) value = [value];
  return value;
});

export const note = (task: { taskId: string; status: string }) =>
  console.log(`callback ${task.taskId} ${task.status}`);

/** A callback that never ends, so that only a second Ctrl-C helps. */
export const never = () => new Promise(() => {});

export const plain = 42;

export const noAction = () => 1;

export const workflow = new DotFlow({ workflowId: "of-module" });
workflow.task.add(double).add(double);

export const factory = async (): Promise<DotFlow> =>
  await Promise.resolve(workflow);

export const failingFactory = (): DotFlow => {
  throw new NonRetryableError("not today");
};

export const many = (): DotFlow => {
  const flow = new DotFlow({ workflowId: "many" });
  for (let index = 0; index < 60; index++) {
    flow.task.add(index === 50 ? broken : double, { name: `task-${index}` });
  }
  flow.task.add(slow);
  return flow;
};

/** Its owner counts as alive for a moment only. */
export const held = (): DotFlow => {
  const storage = new StorageFile({ path: ".output" });
  const config = new Config({ storage, lease: "600ms" });
  const flow = new DotFlow({ workflowId: "busy", config });
  flow.task.add(waiting);
  return flow;
};

export const logging = (): DotFlow => {
  const config = new Config({
    storage: new StorageFile({ path: ".output" }),
    log: new LogDefault({ output: "file", path: "own.log", format: "json" }),
  });
  const flow = new DotFlow({ workflowId: "logging", config });
  flow.task.add(echo).add(broken);
  return flow;
};
