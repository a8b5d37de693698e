// deno-lint-ignore-file no-import-prefix
import assert from "node:assert/strict";
import type { Page } from "npm:playwright-core@1.65.1";
import {
  noBrowser as skip,
  openDashboard,
  type Opened,
  says,
  TOKEN,
} from "./dashboard_page.ts";
import { Teller } from "./dashboard_runs.ts";
import { test } from "./harness.ts";

/** No task of the main thread may take longer, in milliseconds. */
const LIMIT_MS = 200;
/** How often it is tried: others use the machine, too. */
const TRIES = 3;
const EVENTS_PER_SECOND = 200;
const TASKS = 5_000;
const RUNS = 10_000;

/** Long tasks, as the browser counts them: those of 50 ms or more. */
const OBSERVE = `globalThis.longest = 0;
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) {
    longest = Math.max(longest, duration);
  }
}).observe({ type: "longtask", buffered: true });`;

test("dashboard: 5,000 tasks stay smooth while 200 events come in a second", {
  skip,
  timeout: 120_000,
}, async () => {
  const opened = await openDashboard({
    prepare: (page) => page.addInitScript(OBSERVE),
    before: tellTasks,
  });
  const { page, base, problems, teller } = opened;
  await says(page, ".run-row", "large");
  const live = teller("large", "run-1", START, "parallel_group");
  const longest = await bestOf(page, async () => {
    await page.goto(`${base}#/runs/large/run-1`);
    await page.reload();
    const all = `.timeline[aria-rowcount="${TASKS + GROUPS + 1}"]`;
    await page.locator(all).waitFor();
    await during((n) => live.task(toTask(n % TASKS, n)), async () => {
      await scroll(page, ".timeline");
      await page.getByLabel("Search").fill("step-4");
      await page.getByLabel("Search").fill("");
      await page.getByRole("tab", { name: "Graph" }).click();
      await page.getByRole("button", { name: "Next tasks of group-0" }).click();
      await scroll(page, ".graph");
      await page.getByRole("tab", { name: "Timeline" }).click();
      await page.getByRole("button", { name: "group-0" }).click();
    });
  });
  assert.ok(longest < LIMIT_MS, `a task took ${longest} ms`);
  assert.ok(await page.locator(".row").count() < 150, "only rows in sight");
  assert.deepEqual(problems, []);
});

test("dashboard: 10,000 runs stay smooth while 200 events come in a second", {
  skip,
  timeout: 120_000,
}, async () => {
  const opened = await openDashboard({
    prepare: (page) => page.addInitScript(OBSERVE),
    before: tellRuns,
  });
  const { page, problems, server } = opened;
  await says(page, ".run-row", "workflow");
  const longest = await bestOf(page, async () => {
    await page.reload();
    await says(page, ".run-row", "workflow");
    await during((n) => toRun(server, n).begin(n % 7), async () => {
      await loadAll(page);
      await scroll(page, ".scroller.runs");
    });
  });
  assert.ok(longest < LIMIT_MS, `a task took ${longest} ms`);
  assert.ok(await page.locator(".row").count() < 100, "only rows in sight");
  assert.deepEqual(problems, []);
});

const GROUPS = 5;
const START = Date.now() - 3_600_000;

function toTask(position: number, tick: number) {
  return {
    id: `step-${position}`,
    group: `group-${position % GROUPS}`,
    status: position % 3 === 0 || tick > 0 ? "In progress" : "Completed",
    at: position % 3 === 0 || tick > 0
      ? [position * 300] as const
      : [position * 300, position * 300 + 2_000] as const,
    failed: position % 11 === 0 ? [position * 300 + 700] : [],
    progress: (tick % 100) / 100,
    position,
  };
}

async function tellTasks(server: Opened["server"]): Promise<void> {
  const name = ["large", "run-1"] as const;
  const run = new Teller(server, TOKEN, name, START, "parallel_group");
  await run.begin(TASKS);
  await inParallel(TASKS, (n) => run.task(toTask(n, 0)));
}

function toRun(server: Opened["server"], n: number): Teller {
  const name = [`workflow-${n % 50}`, `new-${n % 400}`] as const;
  return new Teller(server, TOKEN, name, START + (n % 400) * 1_000);
}

async function tellRuns(server: Opened["server"]): Promise<void> {
  await inParallel(RUNS, async (n) => {
    const name = [`workflow-${n % 50}`, `run-${n}`] as const;
    const run = new Teller(server, TOKEN, name, START - n * 1_000);
    await run.begin(9);
    await run.end(n % 9 === 0 ? "Failed" : "Completed", n % 900 * 1_000);
  });
}

async function inParallel(
  count: number,
  work: (n: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: 20 }, lane));
}

/** Does something again and again while something else is done. */
async function during(
  again: (n: number) => Promise<void>,
  work: () => Promise<void>,
): Promise<void> {
  let going = true;
  const told = (async () => {
    const began = performance.now();
    for (let n = 1; going; n++) {
      await again(n);
      const ahead = 1_000 * n / EVENTS_PER_SECOND - (performance.now() - began);
      if (ahead > 5) await new Promise((resolve) => setTimeout(resolve, ahead));
    }
  })();
  try {
    await work();
  } finally {
    going = false;
    await told;
  }
}

/** Scrolls a part of the page, up and down, at the pace of the screen. */
async function scroll(page: Page, selector: string): Promise<void> {
  await page.evaluate(`new Promise((resolve) => {
    const part = document.querySelector(${JSON.stringify(selector)});
    let at = 0;
    const step = () => {
      part.scrollTop = part.scrollHeight * Math.abs(Math.sin(at * Math.PI / 60));
      if (at++ < 60) requestAnimationFrame(step);
      else resolve();
    };
    step();
  })`);
}

/** Scrolls to the end until there is nothing more to load. */
async function loadAll(page: Page): Promise<void> {
  await page.evaluate(`new Promise((resolve) => {
    const part = document.querySelector(".scroller.runs");
    const step = () => {
      part.scrollTop = part.scrollHeight;
      const loaded = part.getAttribute("aria-rowcount") !== "-1";
      if (loaded) resolve();
      else requestAnimationFrame(step);
    };
    step();
  })`);
}

/** That a long task would be seen. */
async function checkObserver(page: Page): Promise<void> {
  await page.evaluate(`setTimeout(() => {
    const end = performance.now() + 120;
    while (performance.now() < end);
  })`);
  for (let n = 0; n < 200; n++) {
    if (await page.evaluate<number>("longest") >= 100) return;
    await page.waitForTimeout(20);
  }
  assert.fail("the browser counts no long tasks");
}

/** The longest task of the best of some tries, in milliseconds. */
async function bestOf(page: Page, work: () => Promise<void>): Promise<number> {
  await checkObserver(page);
  let best = Infinity;
  for (let n = 0; n < TRIES && best >= LIMIT_MS; n++) {
    await work();
    best = Math.min(best, await page.evaluate<number>("longest"));
  }
  return best;
}
