import {
  action,
  Config,
  Context,
  DotFlow,
  DotFlowError,
  Log,
  LogDefault,
  Metrics,
  MetricsDefault,
  Notify,
  NotifyDefault,
  Scheduler,
  SchedulerDefault,
  Server,
  ServerDefault,
  Storage,
  StorageDefault,
  Tracer,
  TracerDefault,
} from "@dotflow/dotflow";
import assert from "node:assert/strict";
import { throwsWith } from "./flow.ts";
import { tempDir, test } from "./harness.ts";

const FAMILIES = {
  storage: [Storage, StorageDefault],
  notify: [Notify, NotifyDefault],
  log: [Log, LogDefault],
  tracer: [Tracer, TracerDefault],
  metrics: [Metrics, MetricsDefault],
  scheduler: [Scheduler, SchedulerDefault],
  server: [Server, ServerDefault],
} as const;

const LISTS = ["notify", "log", "tracer", "metrics", "server"];

test("config: every family has a default", () => {
  const config = new Config();
  for (const [family, [, Default]] of Object.entries(FAMILIES)) {
    const given = config[family as keyof typeof FAMILIES];
    const [one] = Array.isArray(given) ? given : [given];
    assert.ok(one instanceof Default, family);
  }
  assert.equal(config.keepRuns, 1);
  assert.equal(config.drainTimeoutMs, 5_000);
});

test("config: each family takes its own, and only that", async () => {
  for (const [family, [Base, Default]] of Object.entries(FAMILIES)) {
    const good = new Default();
    assert.ok(good instanceof Base);
    assert.ok(new Config({ [family]: good }));
    const word = Base.name;
    const bad: [unknown, string][] = [
      [null, "null"],
      ["memory", '"memory"'],
      [5, "5"],
      [{}, "a plain object"],
      [new Date(), "an instance of Date"],
      [Default, `function ${Default.name}`],
    ];
    for (const [other, [, Other]] of Object.entries(FAMILIES)) {
      if (other === family) continue;
      bad.push([new Other(), `an instance of ${Other.name}`]);
    }
    for (const [given, words] of bad) {
      const error = await throwsWith(
        () => new Config({ [family]: given }),
        "NOT_CALLABLE_OBJECT",
      );
      assert.equal(
        error.message,
        `Cannot use ${words} as ${family}: pass an instance of a class that ` +
          `extends ${word}`,
      );
    }
  }
});

test("config: five families take a list, and two do not", async () => {
  for (const [family, [, Default]] of Object.entries(FAMILIES)) {
    const two = [new Default(), new Default()];
    if (LISTS.includes(family)) {
      const config = new Config({ [family]: two });
      assert.deepEqual(config[family as "log"], two);
      await throwsWith(
        () => new Config({ [family]: [...two, new Date()] }),
        "NOT_CALLABLE_OBJECT",
        /an instance of Date \(at 2\)/,
      );
    } else {
      await throwsWith(
        () => new Config({ [family]: two }),
        "NOT_CALLABLE_OBJECT",
        /an instance of Array/,
      );
    }
  }
});

test("config: unknown keys and bad values are refused", async () => {
  const bad: [object, RegExp][] = [
    [
      { storge: new StorageDefault() },
      /option "storge" of Config: allowed.*storage/,
    ],
    [{ keepRuns: 0 }, /0 as keepRuns/],
    [{ keepRuns: 1.5 }, /1\.5 as keepRuns/],
    [{ drainTimeout: "soon" }, /"soon" as drainTimeout/],
    [{ drainTimeout: -1 }, /-1 as drainTimeout/],
  ];
  for (const [options, message] of bad) {
    await throwsWith(() => new Config(options), "INVALID_OPTION", message);
  }
  for (const options of [null, 5, "x", []]) {
    await throwsWith(() => new Config(options as never), "INVALID_OPTION");
  }
});

test("config: a DotFlow takes a Config and nothing else", async () => {
  const storage = new StorageDefault();
  await throwsWith(
    () => new DotFlow({ config: { storage } as never }),
    "INVALID_OPTION",
    /a plain object as config: give a Config/,
  );
});

/** Copies the package, as if it were installed a second time. */
async function secondCopy(): Promise<typeof import("@dotflow/dotflow")> {
  const { cp, readdir } = await import("node:fs/promises");
  const { dirname, join } = await import("node:path");
  const { fileURLToPath, pathToFileURL } = await import("node:url");
  const main = fileURLToPath(import.meta.resolve("@dotflow/dotflow"));
  const root = dirname(main);
  const copy = await tempDir();
  const parts = (await readdir(root)).filter((name) =>
    /^(src|providers|package\.json|\w+\.(js|ts))$/.test(name)
  );
  for (const name of parts) {
    await cp(join(root, name), join(copy, name), { recursive: true });
  }
  const url = pathToFileURL(join(copy, main.slice(root.length)));
  return await import(url.href);
}

test("config: providers of another copy of the package are of the family", {
  needs: ["files", "sources"],
}, async () => {
  const other = await secondCopy();
  assert.notEqual(other.Storage, Storage);
  class StorageTheirs extends other.Storage {
    #contexts = new Map<string, InstanceType<typeof other.Context>>();
    post(key: string, context: Context): void {
      this.#contexts.set(key, context);
    }
    get(key: string): Context {
      return this.#contexts.get(key) ?? new other.Context();
    }
  }
  const config = new Config({
    storage: new StorageTheirs(),
    notify: new other.NotifyDefault(),
    log: new other.LogDefault({ level: "ERROR" }),
    tracer: [new other.TracerDefault()],
    metrics: new other.MetricsDefault(),
    scheduler: new other.SchedulerDefault(),
    server: new other.ServerDefault(),
  });
  assert.ok(new other.Config() instanceof Config);
  assert.ok(new other.Context() instanceof Context);
  assert.ok(new other.NonRetryableError("x") instanceof DotFlowError);
  assert.ok(!(new other.LogDefault() instanceof Storage));
  assert.throws(
    () => new Config({ storage: new other.LogDefault() as never }),
    { code: "NOT_CALLABLE_OBJECT" },
  );

  const workflow = new DotFlow({ workflowId: "wf", config });
  let attempts = 0;
  workflow.task.add(other.action("theirs", { retry: 3 }, () => {
    attempts++;
    throw new other.NonRetryableError("no use");
  })).add(action("ours", () => 1));
  const run = await workflow.start({ keepGoing: true });
  assert.deepEqual(run.tasks.map((task) => task.status), [
    "Failed",
    "Completed",
  ]);
  assert.equal(attempts, 1);
  await workflow.start({ resume: true, keepGoing: true });
  assert.equal(attempts, 2);
});

test("config: the mark of a family is what counts", () => {
  class StorageMarked {
    static {
      const mark = Symbol.for("dotflow.storage");
      Object.defineProperty(this.prototype, mark, { value: true });
    }
  }
  assert.ok(new StorageMarked() instanceof Storage);
  assert.ok(!(new StorageMarked() instanceof Notify));
  assert.ok(!(new StorageMarked() instanceof StorageDefault));
});
