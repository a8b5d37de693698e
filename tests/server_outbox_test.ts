/**
 * What waits for the remote API: faults of one message, and of what is long ago.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Outbox } from "../providers/server/outbox.ts";
import type { Message, Outcome } from "../providers/server/send.ts";
import { cleanup, runtime, test } from "./harness.ts";
import { aliveOf, heapBytes } from "./memory.ts";

/** Moves the clock of the present test on; what sleeps, sleeps on. */
function clock(): (ms: number) => void {
  const now = performance.now.bind(performance);
  let moved = 0;
  performance.now = () => now() + moved;
  cleanup(() => void (performance.now = now));
  return (ms) => void (moved += ms);
}

function entry(body: string) {
  const message: Message = { method: "PATCH", path: "/", body };
  return { message, taskId: undefined, status: undefined };
}

/** Lets what was begun go on, as far as it can at once. */
const settle = () => new Promise<void>((resolve) => setTimeout(resolve, 1));

test("server outbox: a message that always fails takes no other with it", async () => {
  const taken: string[] = [];
  const outbox = new Outbox(({ body }) => {
    if (body === "bad") {
      return Promise.resolve({ kind: "failed", reason: "status 500" });
    }
    taken.push(body);
    return Promise.resolve({ kind: "taken" });
  }, 10_000);
  outbox.add("bad", entry("bad"));
  outbox.add("bad", entry("behind"));
  const goes = (async () => {
    // Others come and get through all the time.
    for (let n = 0; !taken.includes("behind") && n < 100; n++) {
      outbox.add(`${n}`, entry(`${n}`));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  await assert.rejects(outbox.flush(), /status 500; 1 message given up/);
  await goes;
  await outbox.flush();
  assert.ok(taken.includes("behind"));
});

test("server outbox: an API that fails for all loses nothing before its time", async () => {
  let left = 3;
  const outbox = new Outbox(
    () =>
      Promise.resolve<Outcome>(
        left-- > 0
          ? { kind: "failed", reason: "status 500" }
          : { kind: "taken" },
      ),
    60_000,
  );
  outbox.add("a", entry("a"));
  await outbox.flush();
});

test("server outbox: what the API asked for long ago does not count", async () => {
  const move = clock();
  const outcomes: Outcome[] = [];
  const sent: string[] = [];
  const outbox = new Outbox(({ body }) => {
    sent.push(body);
    return Promise.resolve(outcomes.shift() ?? { kind: "taken" });
  }, 1_000);
  outcomes.push({ kind: "later", waitMs: 50_000 }, {
    kind: "barred",
    reason: "status 401",
  });
  // Both are under way at the same time.
  outbox.add("a", entry("a"));
  outbox.add("b", entry("b"));
  await settle();
  await assert.rejects(outbox.flush(), /status 401; 2 messages given up/);
  move(3_600_000);
  outcomes.push({ kind: "later", waitMs: 100 });
  outbox.add("c", entry("c"));
  await outbox.flush();
  assert.deepEqual(sent, ["a", "b", "c", "c"]);
  // What is given up for a ban is not given up for it again.
  outcomes.push({ kind: "later", waitMs: 61_000 });
  outbox.add("d", entry("d"));
  await assert.rejects(outbox.flush(), /told to wait 61 s; 1 message given up/);
  move(61_500);
  outcomes.push({ kind: "later", waitMs: 100 });
  outbox.add("e", entry("e"));
  await outbox.flush();
  assert.deepEqual(sent.slice(4), ["d", "e", "e"]);
});

test("server outbox: nothing is kept of a run whose request is gone", {
  skip: runtime === "workerd" && "nobody tells how much is kept",
}, async () => {
  const move = clock();
  const outbox = new Outbox(
    ({ body }) =>
      body === "bar"
        ? Promise.resolve({ kind: "barred", reason: "status 401" })
        : new Promise(() => {}),
    1_000,
  );
  const bytes = async () => {
    // That garbage is collected.
    await aliveOf([new WeakRef({})], 0);
    return heapBytes();
  };
  const before = await bytes();
  for (let n = 0; n < 500; n++) {
    outbox.add(JSON.stringify(`${n}`.padStart(80_000)), entry("gone"));
    move(3_000);
  }
  outbox.add("bar", entry("bar"));
  await assert.rejects(outbox.flush(), /501 messages given up/);
  await outbox.flush();
  const kept = (await bytes() - before) / 2 ** 20;
  assert.ok(kept < 15, `${kept} MiB are kept`);
});
