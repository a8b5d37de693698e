/**
 * Contract tests of notifiers.
 *
 * @module
 */

import { action } from "../src/action.ts";
import type { Notify } from "../src/contracts/notify.ts";
import type { TaskStatus } from "../src/status.ts";
import { brokenTest } from "./broken.ts";
import { check, checkEqual } from "./check.ts";
import {
  flaky,
  MANY,
  ok,
  type Stage as AnyStage,
  watcherTest,
} from "./stage.ts";
import type { NotifySubject, WatcherTest } from "./watcher.ts";

type Stage = AnyStage<Notify, readonly string[]>;

const ALL: readonly TaskStatus[] = [
  "In progress",
  "Retry",
  "Completed",
  "Failed",
];

/** All tests that a notifier has to pass, each independent of the others. */
export const notifyContract: readonly WatcherTest<NotifySubject>[] = [
  notifyTest("what happens to a task is told, and nothing else", async (
    stage,
    { statuses = ALL },
  ) => {
    await stage.play([ok("completes")], {}, { workflowId: "calm-flow" });
    const calm = (await stage.bench.seen()).join("\n");
    checkTold(calm, "Completed", statuses);
    checkTold(calm, "In progress", statuses);
    for (const status of ["Retry", "Failed"] as const) {
      check(!tells(calm, status), `it was told of a ${status}: ${calm}`);
    }
    const before = (await stage.bench.seen()).length;
    await stage.play([flaky("breaks", 9, 2)], {}, { workflowId: "wild-flow" });
    const wild = (await stage.bench.seen()).slice(before).join("\n");
    checkTold(wild, "Retry", statuses);
    checkTold(wild, "Failed", statuses);
    check(!wild.includes("calm-flow"), `a flow was told of twice: ${wild}`);
  }),

  notifyTest("a failure says which task of which workflow, and why", async (
    stage,
    { statuses = ALL },
  ) => {
    if (!statuses.includes("Failed")) return;
    await stage.play([flaky("breaks", 9, 1)], {}, { workflowId: "wild-flow" });
    const text = (await stage.bench.seen()).join("\n");
    for (const part of ["wild-flow", "breaks", "failure of breaks"]) {
      check(text.includes(part), `no message has ${part}: ${text}`);
    }
  }),

  notifyTest("a burst is told whole, in as many messages at most", async (
    stage,
    { statuses = ALL },
  ) => {
    if (!statuses.includes("Failed")) return;
    const names = Array.from({ length: MANY }, (_, n) => `task-${n}-of-many`);
    const steps = names.map((name) => flaky(name, 9, 1));
    await stage.play(steps, { mode: "parallel", keepGoing: true });
    const messages = await stage.bench.seen();
    const most = names.length * statuses.length;
    check(messages.length <= most, `${messages.length} messages`);
    checkAllTold(messages, names);
  }),

  notifyTest("runs that go on at once are all told of", async (
    stage,
    { statuses = ALL },
  ) => {
    if (!statuses.includes("Failed")) return;
    const names = Array.from({ length: MANY }, (_, n) => `stage-${n}-of-many`);
    await Promise.all(
      names.map((workflowId, n) =>
        stage.play([ok("a", n % 3), flaky("b", 9, 1)], {}, { workflowId })
      ),
    );
    const complaints = stage.overheard.filter(({ message }) =>
      message.startsWith("Cannot deliver")
    );
    checkEqual(complaints.length, 0, "how often the notifier has failed");
    checkAllTold(await stage.bench.seen(), names);
  }),

  notifyTest("odd names and errors are told, and break nothing", async (
    stage,
    { statuses = ALL },
  ) => {
    const texts = [
      "*bold* _it_ `code` [a](https://example.com) <b>&amp; @everyone <!here>",
      '"quoted" \\ back /slash/ #tag $1 ${x} %s',
      "\0\r\n\t\u001b[31m\u2028\u202e end",
      "😀 né e\u0301 ﷽ 漢字",
      "x".repeat(20_000),
      "\ud83d half",
    ];
    let told = 0;
    for (const [n, text] of texts.entries()) {
      const step = action(`odd ${n} ${text.slice(0, 300)}`, () => {
        throw new Error(text);
      });
      const run = await stage.play([step], {}, {
        workflowId: `flow ${text.slice(0, 300)}`,
      });
      checkEqual(run.status, "Failed", "the status");
      const messages = await stage.bench.seen();
      checkTold(messages.slice(told).join("\n"), "Failed", statuses);
      told = messages.length;
    }
    const complaints = stage.overheard.filter(({ message }) =>
      message.startsWith("Cannot deliver")
    );
    checkEqual(complaints.length, 0, "how often the notifier has failed");
  }),

  notifyTest("what steps give is in no message, unless asked for", async (
    stage,
  ) => {
    const give = action("gives", () => ({ card: "canary-result" }));
    const workflow = stage.workflow();
    workflow.task.add(give, { initialContext: "canary-initial" });
    await workflow.start({ input: "canary-input" });
    const found = (await stage.bench.seen()).find((text) =>
      text.includes("canary")
    );
    check(found === undefined, `a message has what was given: ${found}`);
  }),

  brokenTest("notify"),
];

function notifyTest(
  name: string,
  body: (stage: Stage, subject: NotifySubject) => Promise<void>,
): WatcherTest<NotifySubject> {
  return watcherTest("notify", name, body);
}

/** Who merges says how many have failed, and need not name them all. */
function checkAllTold(
  messages: readonly string[],
  names: readonly string[],
): void {
  const text = messages.join("\n");
  const named = names.filter((name) => text.includes(name)).length;
  const counted = [...text.matchAll(/(\d+) tasks? failed/gi)]
    .reduce((sum, [, count]) => sum + Number(count), 0);
  check(
    named === names.length || counted >= names.length - 1,
    `of ${names.length} failures, ${named} were named and ${counted} counted`,
  );
}

/** Whether a text tells of a status, in whatever case. */
function tells(text: string, status: TaskStatus): boolean {
  const words = status === "Retry" ? "retr(y|ied)" : status;
  return new RegExp(`\\b${words}\\b`, "i").test(text);
}

function checkTold(
  text: string,
  status: TaskStatus,
  statuses: readonly TaskStatus[],
): void {
  const expected = statuses.includes(status);
  const not = expected ? "not " : "";
  check(tells(text, status) === expected, `${status} was ${not}told: ${text}`);
}
