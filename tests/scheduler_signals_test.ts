/**
 * Schedules that a signal of the operating system ends.
 *
 * @module
 */

import assert from "node:assert/strict";
import process from "node:process";
import { spawnRuntime, test } from "./harness.ts";

const needs = ["processes"] as const;

/** Starts a host in its first run; gives it with a way to send it a signal. */
async function begin(takesMs: number) {
  const host = await spawnRuntime("workers/schedule_signal.ts", [`${takesMs}`]);
  const line = await host.line(/^process /);
  await host.line(/^begun 1$/);
  // Not by the handle: in Deno, it says then that the signal has killed it.
  const pid = Number(line.slice("process ".length));
  const send = (signal: "SIGINT" | "SIGTERM") => process.kill(pid, signal);
  return { host, send };
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  test(
    `schedules: ${signal} lets what runs end, and no more begin`,
    { needs },
    async () => {
      const { host, send } = await begin(600);
      send(signal);
      const { code } = await host.exit;
      assert.equal(code, 0, host.stderr);
      assert.deepEqual(host.lines.slice(1), [
        "begun 1",
        "done",
        "ended after 1 with 0 listeners",
      ]);
    },
  );
}

test("schedules: a second signal ends the process", { needs }, async () => {
  const { host, send } = await begin(20_000);
  const before = performance.now();
  send("SIGINT");
  await new Promise((resolve) => setTimeout(resolve, 300));
  send("SIGINT");
  const { code, signal } = await host.exit;
  assert.ok(signal === "SIGINT" || code === 130, `${code} ${signal}`);
  assert.ok(performance.now() - before < 15_000, "it ends at once");
  assert.ok(!host.lines.includes("done"));
});
