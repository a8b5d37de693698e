/**
 * What watchers may cost a run: neither its outcome, nor its order, nor memory
 * without bound, nor more than a twentieth of its time.
 *
 * @module
 */

import {
  action,
  DotFlow,
  type LogFields,
  type LogLevel,
  type Run,
} from "@dotflow/dotflow";
import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { tell } from "./effort.ts";
import { failing } from "./flow.ts";
import { refuseUnhandled, runtime, spawnRuntime, test } from "./harness.ts";
import { aliveOf, heapBytes } from "./memory.ts";
import {
  ANSWERS,
  LogNone,
  nobody,
  watchersThat,
  type Watching,
} from "./sick_watchers.ts";
import type { Comparison } from "./twins.ts";
import { timeWatchers } from "./watcher_time.ts";

/** How many events a flood has, at least. */
const FLOOD = 100_000;

/** Lets everything else have its turn. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Keeps what is told of providers that failed. */
class LogReports extends LogNone {
  readonly reports: string[] = [];

  override enabled(level: LogLevel): boolean {
    return level === "ERROR";
  }
  override error(message?: string, fields?: LogFields): void {
    if (!message?.startsWith("Cannot")) return;
    const isLoss = /dropped/.test(String(fields?.reason));
    this.reports.push(`${message}: ${isLoss ? "lost" : "failed"}`);
  }
}

/** Plays a workflow in which there is something of everything, and a flood. */
async function flood({ config, onEvent }: Watching) {
  const order: string[] = [];
  const workflow = new DotFlow({ workflowId: "wf", config });
  workflow.task.add(action("floods", async ({ log, progress }) => {
    for (let n = 0; n < FLOOD * 0.4; n++) {
      progress(n / FLOOD, "so far");
      log.info(`line ${n}`, { n });
      if (n % 1_000 === 0) await turn();
    }
    order.push("floods");
    return "flooded";
  }));
  workflow.task.add(failing(2, { name: "again", retry: 3 }, "done"));
  for (let n = 0; n < FLOOD * 0.05; n++) {
    const name = `task ${n}`;
    workflow.task.add(action(name, ({ previousContext }) => {
      order.push(name);
      return n % 1_000 === 0
        ? turn().then(() => n)
        : [previousContext.storage].length + n;
    }));
  }
  workflow.task.add(failing(9, { name: "fails", retry: 2 }));
  workflow.task.add(action("last", () => order.push("last")));
  const run = await workflow.start({ keepGoing: true, onEvent });
  return { order, ...outcomeOf(run) };
}

/** What became of a run, but for its times. */
function outcomeOf({ status, tasks }: Run) {
  const results = tasks.map((task) => {
    const { duration: _, errors, ...rest } = task.toResult();
    return { ...rest, errors: errors.map(({ message }) => message) };
  });
  return { status, results };
}

for (const [what, answer] of Object.entries(ANSWERS)) {
  test(`watchers that ${what}: a flood of events changes nothing`, async () => {
    refuseUnhandled();
    let events = 0;
    const log = new LogReports();
    const watching = watchersThat(answer, { drainTimeout: 50 }, log);
    const counting = () => {
      events++;
      return answer() as Promise<void>;
    };
    const watched = await flood({ ...watching, onEvent: counting });
    assert.deepEqual(watched, await flood(nobody()));
    assert.equal(watched.status, "Failed");
    if (what === "are well") assert.ok(events >= FLOOD, `${events} events`);
    // Each is told of once for what it has done first, and once for what it was
    // too slow for. Those that answer later are so only where events come all at
    // once.
    const families = ["Log", "Metrics", "Notify", "Server", "Tracer"];
    const sick = [...families.map((family) => `${family}Sick`), "onEvent"]
      .map((name) => `Cannot deliver events to ${name}`);
    const { reports } = log;
    assert.equal(
      new Set(reports).size,
      reports.length,
      "nothing is told twice",
    );
    const named = new Set(reports.map((report) => report.split(":")[0]));
    if (what === "are well") assert.deepEqual(reports, []);
    else if (what !== "answer later") assert.deepEqual([...named].sort(), sick);
    else assert.ok(reports.every((report) => report.endsWith(": lost")));
  });
}

test("watchers that never answer: a flood is kept within bounds", async () => {
  const keep = async (watching: Watching) => {
    const marks: WeakRef<object>[] = [];
    let kept = { alive: 0, bytes: 0 };
    const { config, onEvent } = watching;
    const workflow = new DotFlow({ workflowId: "wf", config });
    workflow.task.add(action("floods", async ({ log, progress }) => {
      for (let n = 0; n < FLOOD; n++) {
        const mark = { text: `${n}`.padEnd(1_024) };
        marks.push(new WeakRef(mark));
        log.info("line", { mark });
        progress(n / FLOOD);
        if (n % 1_000 === 0) await turn();
      }
      kept = { alive: await aliveOf(marks, MOST_KEPT), bytes: heapBytes() };
    }));
    await workflow.start({ onEvent });
    return kept;
  };
  // Two watchers are told of lines, and for each of them a thousand wait.
  const MOST_KEPT = 2 * (1_000 + 1);
  const answer = ANSWERS["never answer"];
  const none = await keep(nobody());
  const all = await keep(watchersThat(answer, { drainTimeout: 1 }));
  assert.ok(none.alive <= MOST_KEPT, "this runtime collects no garbage");
  assert.ok(all.alive <= MOST_KEPT, `${all.alive} of ${FLOOD} lines were kept`);
  const megabytes = (all.bytes - none.bytes) / 2 ** 20;
  // Unbounded, it would be more than a hundred.
  assert.ok(megabytes < 16, `${megabytes} MiB`);
  await tell("a flood, never answered", {
    "lines kept": all.alive,
    "MiB more": megabytes,
  });
});

const byClock = runtime === "workerd";

for (const what of Object.keys(ANSWERS)) {
  const measure = async () => {
    const { holds, ratio, wall, pairs } = await compareTimes(what);
    const [percent, onTheClock] = [ratio, wall].map((one) => (one - 1) * 100);
    await tell(`watchers that ${what}`, {
      "% longer": percent,
      "% on the clock": onTheClock,
      pairs,
    });
    assert.ok(
      holds,
      `${percent} % longer, ${onTheClock} % on the clock, in ${pairs} pairs`,
    );
  };
  test(`watchers that ${what}: a run takes at most 5 % longer`, {
    skip: byClock && "workerd does not tell the time of the processor",
    timeout: 180_000,
  }, measure);
  test(
    `watchers that ${what}: a run takes at most a quarter longer by the clock`,
    {
      skip: !byClock && "the time of the processor tells more",
      timeout: 180_000,
    },
    measure,
  );
}

/**
 * Takes the times in a process of its own: the test runner of Node watches every
 * promise, which makes those several times as slow.
 */
async function compareTimes(what: string): Promise<Comparison> {
  if (byClock) return await timeWatchers(what);
  const worker = await spawnRuntime("workers/watcher_time.ts", [what]);
  return JSON.parse(await worker.line(/^{/));
}
