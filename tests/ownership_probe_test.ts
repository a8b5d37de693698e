import { action, type Context, type DotFlow } from "@dotflow/dotflow";
import assert from "node:assert/strict";
import { flowOn, rejectsWith, sleep } from "./flow.ts";
import { test } from "./harness.ts";
import { StorageBare, type Texts } from "./storages.ts";

function recording(storage: StorageBare, ran: string[] = []): DotFlow {
  const workflow = flowOn(storage, "wf", { lease: 500 });
  workflow.task.add(action("a", () => void ran.push("a")));
  return workflow;
}

/** A storage whose conditions are not what they seem. */
class StorageLoose extends StorageBare {
  probes = 0;

  constructor(
    readonly swap: (
      texts: Texts,
      key: string,
      expected: string | undefined,
      next: string,
    ) => boolean | Promise<boolean>,
  ) {
    super();
  }

  override async atomicSwap(
    key: string,
    expected: Context | null,
    next: Context,
  ): Promise<boolean> {
    if (key.startsWith("_probe/")) this.probes++;
    return await this.swap(
      this.texts,
      key,
      expected?.toText(),
      next.toText(),
    );
  }

  override delete(key: string): boolean {
    return this.texts.delete(key);
  }
}

const LOOSE: Record<string, StorageLoose["swap"]> = {
  "ignores conditions": (texts, key, _, next) => {
    texts.set(key, next);
    return true;
  },
  "races on them": async (texts, key, expected, next) => {
    if (texts.get(key) !== expected) return false;
    await sleep(1);
    texts.set(key, next);
    return true;
  },
  "knows only creates": (texts, key, expected, next) => {
    if (expected === undefined && texts.has(key)) return false;
    texts.set(key, next);
    return true;
  },
  "knows only swaps": (texts, key, expected, next) => {
    if (expected !== undefined && texts.get(key) !== expected) return false;
    texts.set(key, next);
    return true;
  },
  "tells the wrong writer": (texts, key, expected, next) => {
    const isFirst = texts.get(key) === expected;
    texts.set(key, next);
    return isFirst;
  },
  "never writes": () => false,
  "forgets to check whether it is there": (texts, key, expected, next) => {
    const now = texts.get(key);
    if (now !== expected && expected !== undefined) return false;
    if (now !== undefined && expected === undefined && now.length % 2) {
      return false;
    }
    texts.set(key, next);
    return true;
  },
};

for (const [name, swap] of Object.entries(LOOSE)) {
  test(`probe: a storage that ${name} is refused, unless that is wanted`, async () => {
    const storage = new StorageLoose(swap);
    const ran: string[] = [];
    for (let times = 0; times < 2; times++) {
      await rejectsWith(
        recording(storage, ran).start(),
        "STORAGE_NOT_CONDITIONAL",
      );
    }
    assert.deepEqual(ran, []);
    assert.deepEqual([...storage.texts.keys()], [], "nothing is left behind");
    if (name === "never writes") return;
    const workflow = flowOn(storage, "wf", { ownership: false });
    workflow.task.add(action("a", ({ epoch }) => epoch));
    await workflow.start();
    assert.deepEqual(workflow.resultStorage(), [0]);
  });
}

test("probe: a storage is tried out once", async () => {
  const storage = new StorageLoose((texts, key, expected, next) => {
    if (texts.get(key) !== expected) return false;
    texts.set(key, next);
    return true;
  });
  await recording(storage).start();
  assert.equal(storage.probes, 10);
  await Promise.all([
    recording(storage).start({ wait: "1m" }),
    recording(storage).start({ wait: "1m" }),
  ]);
  assert.equal(storage.probes, 10);
  assert.ok(![...storage.texts.keys()].some((key) => key.startsWith("_probe")));
});

test("probe: what failed is tried out again", async () => {
  let fails = true;
  const storage = new StorageLoose((texts, key, expected, next) => {
    if (fails) throw new Error("the wire was cut");
    if (texts.get(key) !== expected) return false;
    texts.set(key, next);
    return true;
  });
  await rejectsWith(recording(storage).start(), "STORAGE", /the wire was cut/);
  fails = false;
  const run = await recording(storage).start();
  assert.equal(run.status, "Completed");
});

test("probe: none of its writers comes after it has cleaned up", async () => {
  let swaps = 0;
  const storage = new StorageLoose(async (texts, key, expected, next) => {
    if (++swaps === 1) throw new Error("the wire was cut");
    await sleep(5);
    if (texts.get(key) !== expected) return false;
    texts.set(key, next);
    return true;
  });
  await rejectsWith(recording(storage).start(), "STORAGE", /the wire was cut/);
  await sleep(20);
  assert.deepEqual([...storage.texts.keys()], []);
});
