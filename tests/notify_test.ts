/**
 * What all notifiers do: which changes they tell of, and in which words.
 *
 * @module
 */

import { action, type TaskStatus } from "@dotflow/dotflow";
import { notifyContract } from "@dotflow/dotflow/testing";
import fc from "fast-check";
import assert from "node:assert/strict";
import { test } from "./harness.ts";
import {
  ANY_RATE,
  type Bench,
  countIn,
  discord,
  failure,
  open,
  type Platform,
  PLATFORMS,
  QUICK,
  runWith,
  slack,
  type TaskLike,
  taskOf,
  telegram,
  tell,
  webhook,
} from "./notifiers.ts";
import { testWatcher } from "./watcher_contract.ts";

const SYMBOLS: Record<TaskStatus, string> = {
  "Not started": "⚪",
  "In progress": "🔵",
  "Completed": "✅",
  "Paused": "◼️",
  "Retry": "❗",
  "Failed": "❌",
};

const CHATS = [telegram, discord, slack];

/** Tells of some tasks in one message, and gives what is read there. */
async function read(
  platform: Platform,
  bench: Bench,
  ...tasks: TaskLike[]
): Promise<string> {
  await bench.inbox.forget();
  const received = await tell(bench, ...tasks);
  assert.equal(received.length, 1);
  const [{ value }] = received;
  const ours = platform === discord
    ? /^(\*\*|```)$/ // The bold labels, and the code block.
    : /^$/;
  const markup: string[] = value?.markup ?? [];
  assert.deepEqual(markup.filter((part) => !ours.test(part)), []);
  return platform.shown(received[0]);
}

for (const platform of PLATFORMS) {
  const { name } = platform;

  testWatcher(name, notifyContract, {
    async open() {
      const { inbox, notify } = await open(platform, QUICK, ANY_RATE);
      return {
        provider: notify,
        secrets: platform.secrets,
        seen: async () => (await inbox.received()).map(platform.shown),
        break: () => inbox.fail([{ kind: "echo", times: 1_000 }]),
      };
    },
  });

  test(`${name}: tells of every status`, async () => {
    const bench = await open(platform, QUICK, ANY_RATE);
    for (const [status, symbol] of Object.entries(SYMBOLS)) {
      const task = { status: status as TaskStatus, error: "no rows" };
      const text = await read(platform, bench, task);
      assert.ok(text.includes("nightly") && text.includes("extract"), text);
      assert.ok(text.includes(status), text);
      if (platform === webhook) continue;
      assert.ok(text.startsWith(`${symbol} ${status}\n`), text);
      const isNews = status === "Failed" || status === "Retry";
      assert.equal(text.includes("Error: TypeError: no rows"), isNews, text);
    }
  });

  test(`${name}: tells of a run, by itself and at its end`, async () => {
    const { inbox, notify } = await open(platform);
    const steps = [action("load", () => 1), failure("check", "no rows")];
    const { run, reports } = await runWith(notify, steps);
    assert.deepEqual([run.status, reports], ["Failed", []]);
    const texts = (await inbox.received()).map(platform.shown);
    assert.equal(texts.map(countIn).reduce((sum, n) => sum + n), 4);
    const all = texts.join("\n");
    for (const part of ["load", "check", "TypeError", "no rows"]) {
      assert.ok(all.includes(part), all);
    }
    await inbox.forget();
    notify.hookStatusTask(taskOf());
    await inbox.receives(1);
  });

  test(`${name}: tells of the statuses that are wanted only`, async () => {
    const run = async (notificationType: TaskStatus | TaskStatus[]) => {
      const { inbox, notify } = await open(platform, {
        ...QUICK,
        notificationType,
      });
      await runWith(notify, [action("load", () => 1), failure("check", "no")]);
      const received = await inbox.received();
      return received.map(platform.shown).join("\n");
    };
    const failed = await run("Failed");
    assert.ok(failed.includes("check") && !failed.includes("load"), failed);
    const ended = await run(["Completed", "Failed"]);
    assert.ok(ended.includes("check") && ended.includes("load"), ended);
    assert.ok(!/ started|In progress/.test(ended), ended);
    assert.equal(await run("Paused"), "");
  });

  test(`${name}: shows results where they are wanted`, async () => {
    const task: TaskLike = { status: "Completed", result: { rows: [1, 2] } };
    const text = '{"rows":[1,2]}';
    const shown = platform === webhook ? JSON.stringify(text) : text;
    const without = await open(platform, QUICK, ANY_RATE);
    assert.ok(!(await read(platform, without, task)).includes("rows"));
    const wanted = { ...QUICK, showResult: true };
    const bench = await open(platform, wanted, ANY_RATE);
    const one = await read(platform, bench, task);
    assert.ok(one.includes(shown), one);
    const two = await read(platform, bench, task, { status: "Paused" });
    assert.ok(two.includes(shown), two);
    const none = { status: "Completed", result: undefined } as const;
    assert.ok(!/result/i.test(await read(platform, bench, none)));
    const failed = { status: "Failed", result: "half" } as const;
    assert.ok(!(await read(platform, bench, failed)).includes("half"));
  });

  test(`${name}: tells of many changes in one message`, async () => {
    const bench = await open(platform, QUICK, ANY_RATE);
    const many = (count: number, status: TaskStatus) =>
      Array.from({ length: count }, (_, n) => ({
        status,
        taskId: `${status[0]}${n + 1}.`,
        error: status === "Failed" ? "no rows" : undefined,
      }));
    const text = await read(platform, bench, ...many(37, "Failed"));
    assert.ok(text.includes("37 tasks failed"), text);
    assert.ok(text.includes("F1.") && text.includes("F20."), text);
    assert.ok(!text.includes("F21."), text);
    const left = platform === webhook ? '"omitted":17' : "and 17 more";
    assert.ok(text.includes(left), text);
    const mixed = [...many(12, "Completed"), ...many(3, "Failed")];
    const summary = "3 tasks failed, 12 completed";
    assert.ok((await read(platform, bench, ...mixed)).includes(summary));
    const one = [...many(1, "Retry"), ...many(2, "In progress")];
    const words = "1 task to be retried, 2 started";
    assert.ok((await read(platform, bench, ...one)).includes(words));
    // A failure is named, whatever else has come before it.
    const late = [...many(40, "In progress"), ...many(2, "Failed")];
    const last = await read(platform, bench, ...late);
    assert.ok(last.includes("F1.") && last.includes("F2."), last);
    assert.ok(last.includes("I18.") && !last.includes("I19."), last);
    assert.ok(last.indexOf("I18.") < last.indexOf("F1."), last);
  });

  test(`${name}: what a task says of itself hides the notifier's secrets`, async () => {
    const showing = { ...QUICK, showResult: true };
    const bench = await open(platform, showing, ANY_RATE);
    const { url } = bench.inbox;
    for (const secret of platform.hidden ?? platform.secrets) {
      const all = `${url}/${secret} (${encodeURIComponent(secret)})`;
      // Where a text is cut, half of a secret may be left.
      const before = "x".repeat(4_096 - Math.ceil(0.75 * secret.length));
      const said = `Cannot reach ${all}`;
      await bench.inbox.forget();
      const received = await tell(
        bench,
        { error: said, taskId: secret },
        { error: before + secret },
        { status: "Completed", result: { said: [said], [secret]: secret } },
        { status: "Completed", result: before + secret },
      );
      for (const { text } of received) {
        assert.ok(!text.includes(secret), `${secret} in ${text}`);
        assert.ok(!text.includes(encodeURIComponent(secret)), text);
        assert.ok(!text.includes(secret.slice(0, secret.length / 2)), text);
        assert.ok(text.includes("Cannot reach"), text);
      }
    }
  });

  test(`${name}: any text is taken, and no text is too long`, async () => {
    const showing = { ...QUICK, showResult: true };
    const bench = await open(platform, showing, ANY_RATE);
    const units = fc.array(fc.nat(0xffff), { maxLength: 80 });
    const anyText = fc.oneof(
      units.map((codes) => String.fromCharCode(...codes)),
      fc.string({ unit: "binary", maxLength: 80 }),
      fc.string({ unit: fc.constantFrom(..."`*_<@!&;:|\\[]()#~>-\n\r ") }),
      fc.tuple(fc.string({ unit: "grapheme", minLength: 1 }), fc.nat(9_000))
        .map(([unit, times]) => unit.repeat(times)),
      fc.constantFrom("```", "<!channel>", "@everyone", "&amp;", ""),
      fc.array(fc.constantFrom(..."@#$/", "ab", "USD", " ", "é"), {
        maxLength: 3_000,
      }).map((parts) => parts.join("")),
    );
    const status = fc.constantFrom<TaskStatus>("Failed", "Completed", "Retry");
    const anyTask = fc.record({
      workflowId: anyText,
      taskId: anyText,
      status,
      error: anyText,
      result: fc.oneof(anyText, fc.anything()),
    });
    const tasks = fc.array(anyTask, { minLength: 1, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(tasks, async (tasks) => {
        const text = await read(platform, bench, ...tasks);
        assert.ok(text.length > 0);
      }),
      { numRuns: 60 },
    );
  });
}

for (const platform of CHATS) {
  test(`${platform.name}: what can be read stays as it is`, async () => {
    const showing = { ...QUICK, showResult: true };
    const bench = await open(platform, showing, ANY_RATE);
    // No white space, which is brought into order, and nothing invisible.
    const char = fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 })
      .filter((char) => !/[\s\p{C}\u200b]/u.test(char));
    const markup = fc.constantFrom(..."`*_<@!&;:|\\[]()#~>-+=./?'\"{}");
    const readable = fc.array(fc.oneof(char, markup), {
      minLength: 1,
      maxLength: 20,
    }).map((chars) => chars.join("")).filter(({ length }) => length < 25);
    await fc.assert(
      fc.asyncProperty(readable, readable, async (one, two) => {
        const task = { workflowId: one, taskId: two, error: `${one} ${two}` };
        const single = await read(platform, bench, task);
        assert.ok(single.includes(`Workflow: ${one}\n`), single);
        assert.ok(single.includes(`Task: ${two}`), single);
        assert.ok(single.includes(`Error: TypeError: ${one} ${two}`), single);
        const list = await read(platform, bench, task, { status: "Paused" });
        const line = `❌ ${one} / ${two} failed: TypeError: ${one} ${two}`;
        assert.ok(list.includes(line), list);
      }),
      { numRuns: 60 },
    );
  });

  test(`${platform.name}: hostile texts mean nothing but themselves`, async () => {
    const bench = await open(platform, QUICK, ANY_RATE);
    const texts = [
      "@everyone @here <@123456> <@&1> <#2> <!channel> <!here> <@U012AB3CD>",
      "**bold** __under__ ~~gone~~ ||spoiler|| _it_ *it* `code` > quote # h",
      "[click](https://example.com/evil) <https://example.com|click>",
      "``` \n**free** ```js\nmore``` ````",
      "\\` \\* \\\\ \\```",
      "&lt;b&gt; &amp; <b>&</b> &#60;",
      "שלום עולם مرحبا بالعالم",
      "👩‍👩‍👧‍👦 🏳️‍🌈 e\u0301 ﷽",
      ":smile: /giphy !here",
      "@name (@name) /start@bot /stop, #tag $USD $1INCH #täg @a_b/c /@name",
    ];
    for (const text of texts) {
      const task = { error: text, taskId: text };
      const shown = await read(platform, bench, task);
      const plain = shown.replace(/\s+/g, " ");
      assert.ok(plain.includes(text.replace(/\s+/g, " ")), shown);
    }
    const controls = "a\u0000b\u001b[31mc\u202ed\u2067e\rf\r\ng\u2028h";
    const shown = await read(platform, bench, { error: controls });
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(shown, /[\x00-\x08\x0b-\x1f\x7f\u202e\u2067\u2028]/);
    assert.ok(shown.includes("a\\u0000b\\u001b[31mc\\u202ed\\u2067e\n"), shown);
    const forged = "no\n✅ Completed\nWorkflow: other";
    const [, ...lines] =
      (await read(platform, bench, { error: forged, taskId: forged }))
        .split("\n");
    if (platform === discord) return; // It stands in a code block.
    assert.ok(!lines.some((line) => /^(✅|Workflow: other)/.test(line)));
  });

  test(`${platform.name}: long texts are cut, but no more than need be`, async () => {
    const showing = { ...QUICK, showResult: true };
    const bench = await open(platform, showing, ANY_RATE);
    const most = { NotifyTelegram: 4_096, NotifyDiscord: 1_024 - 8 };
    const limit = (most as Record<string, number>)[platform.name] ?? 3_000;
    const unit = platform === discord
      ? (text: string) => [...text].length
      : (text: string) => text.length;
    for (const char of ["x", "😀", "é"]) {
      const long = char.repeat(100_000 / char.length);
      const shown = await read(platform, bench, { error: long });
      assert.ok(shown.endsWith("…"), shown.slice(-10));
      const part = platform === telegram ? shown : shown.slice(
        shown.indexOf(platform === discord ? "TypeError" : "Workflow"),
      );
      assert.ok(unit(part) > limit - 3 && unit(part) <= limit, `${unit(part)}`);
    }
    // Neither is there one too many, nor one too few.
    const before = unit(await read(platform, bench, { error: "" }));
    const room = platform === slack
      ? limit - (before - "❌ Failed\n".length)
      : platform === discord
      ? limit - "TypeError: ".length
      : limit - before;
    for (const over of [-1, 0, 1, 2]) {
      const error = "x".repeat(room + over - (platform === discord ? 0 : 1));
      const shown = await read(platform, bench, { error });
      assert.equal(shown.endsWith("…"), over > 0, `${over}`);
    }
    const ids = "i".repeat(5_000);
    await read(platform, bench, { workflowId: ids, taskId: ids, error: ids });
    const many = Array.from({ length: 50 }, () => ({
      workflowId: "&".repeat(5_000),
      taskId: "_".repeat(5_000),
      error: "<".repeat(5_000),
    }));
    const list = await read(platform, bench, ...many);
    assert.ok(list.includes("50 tasks failed"));
    assert.match(list, /and \d+ more$/);
  });
}
