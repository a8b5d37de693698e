/**
 * Many hosts run one schedule: each tick is run once, whoever dies.
 *
 * @module
 */

import assert from "node:assert/strict";
import { effort, tell } from "./effort.ts";
import { sleep } from "./flow.ts";
import { runtime, spawnRuntime, tempDir, test } from "./harness.ts";
import { SHARED } from "./shared.ts";
import type { Host } from "./workers/schedule_worker.ts";

const HOSTS = 8;
const LEASE_MS = 3_000;
const TICKS = effort() > 1 ? 60 : 12;

const { open } = SHARED.find(({ name }) => name === "StorageS3")!;

test(
  `${HOSTS} hosts run each tick once, though two of them are killed`,
  {
    needs: ["files", "processes"],
    skip: runtime !== "deno" && effort() === 1 && "one runtime is enough here",
    timeout: 120_000,
  },
  async () => {
    const { readFile } = await import("node:fs/promises");
    const { spec, changes } = await open();
    const dir = await tempDir();
    // Once all of them are there.
    const startAt = Math.ceil(Date.now() / 1_000 + 5) * 1_000;
    const stopAt = startAt + TICKS * 1_000;
    const shared: Omit<Host, "name"> = {
      spec,
      ledger: `${dir}/ledger`,
      victim: `${dir}/victim`,
      hangAt: startAt + Math.floor(TICKS / 4) * 1_000,
      startAt,
      stopAt,
      takesMs: 50,
      leaseMs: LEASE_MS,
    };
    const hosts = await Promise.all(
      Array.from({ length: HOSTS }, async (_, at) => {
        const host: Host = { ...shared, name: `h${at}` };
        const args = [JSON.stringify(host)];
        const spawned = await spawnRuntime("workers/schedule_worker.ts", args);
        await spawned.line(/^ready$/);
        return { name: host.name, spawned };
      }),
    );
    assert.ok(Date.now() < startAt, "the hosts are ready too late");

    // One is killed inside a run, and another one between two runs.
    const hanging = await Promise.race(hosts.map(async ({ name, spawned }) => {
      const line = await spawned.line(/^hangs /).catch(() => "");
      if (line === "") await new Promise(() => {});
      return { name, spawned, slot: line.slice("hangs ".length) };
    }));
    await hanging.spawned.kill();
    const idle = hosts.find(({ name }) => name !== hanging.name)!;
    await sleep(500);
    await idle.spawned.kill();

    for (const { name, spawned } of hosts) {
      if (name === hanging.name || name === idle.name) continue;
      assert.equal((await spawned.exit).code, 0, spawned.stderr);
    }
    const lines = (await readFile(shared.ledger, "utf8")).trim().split("\n")
      .map((line) => line.split(" "));
    const of = (kind: string) => lines.filter(([first]) => first === kind);
    const slots = Array.from(
      { length: TICKS },
      (_, at) =>
        new Date(startAt + at * 1_000).toISOString().replace(".000Z", "Z"),
    );
    for (const kind of ["first", "done"]) {
      const ran = of(kind).map(([, slot]) => slot).sort();
      assert.deepEqual(ran, slots, `each tick once: ${kind}`);
    }
    const begun = of("second").map(([, slot]) => slot).sort();
    assert.deepEqual(begun, [...slots, hanging.slot].sort());
    const [gone] = of("done").filter(([, slot]) => slot === hanging.slot);
    assert.notEqual(gone[2], hanging.name, "another host has gone on");
    const [left] = of("first").filter(([, slot]) => slot === hanging.slot);
    assert.equal(left[2], hanging.name);
    assert.equal(gone[3], left[3], "with what the dead one had finished");

    // All claims are marked.
    const stages = new Map<string, string>();
    for (const { key, context } of await changes()) {
      if (key.startsWith("clock/_tick/")) {
        stages.set(key, context?.storage?.stage);
      }
    }
    assert.equal(stages.size, TICKS);
    assert.deepEqual(new Set(stages.values()), new Set(["ended"]));

    const by = new Set(of("done").map(([, , who]) => who));
    const figures = { ticks: slots.length, runs: of("done").length };
    await tell(`${HOSTS} hosts on one schedule`, { ...figures, by: by.size });
  },
);
