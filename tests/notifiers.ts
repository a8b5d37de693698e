/**
 * The notifiers that write to somebody, each with an inbox at its other end.
 *
 * @module
 */

import {
  type Action,
  action,
  Config,
  type ConfigOptions,
  Context,
  DotFlow,
  type Notify,
  type Run,
  type StartOptions,
  Task,
  TaskError,
  type TaskStatus,
} from "@dotflow/dotflow";
import {
  NotifyDiscord,
  type NotifyOptions,
  NotifySlack,
  NotifyTelegram,
  NotifyWebhook,
} from "@dotflow/dotflow/providers";
import assert from "node:assert/strict";
import { inspect } from "node:util";
import { throwsWith } from "./flow.ts";
import { cleanup } from "./harness.ts";
import {
  type InboxFault,
  type InboxKind,
  type LabInbox,
  openInbox,
  type Received,
} from "./inbox.ts";
import { type Line, LogRecorder } from "./recorder.ts";

/** A kind of notifier. */
export interface Platform {
  /** The name of its class. */
  readonly name: string;
  /** What stands at its other end. */
  readonly kind: InboxKind;
  /** Texts that only the other end may see. */
  readonly secrets: readonly string[];
  /** Those of them that messages may not show either. @default All */
  readonly hidden?: readonly string[];
  /** Makes one that writes to an address. */
  make(url: string, options?: NotifyOptions): Notify;
  /** What somebody reads who gets a request of it. */
  shown(received: Received): string;
  /** Asks to wait for some seconds, as the service does. */
  busy(seconds: number): InboxFault;
}

/** A fault that is an answer of JSON. */
function answer(
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): InboxFault {
  const all = { "content-type": "application/json", ...headers };
  return { kind: "answer", status, headers: all, body: JSON.stringify(body) };
}

const TOKEN = "123456789:AAcanary-telegram_0123456789abcdefgh";
const DISCORD = "canaryDiscord-0123456789_abcdefghijklmnopqrstuvwxyz0123456789";
const SLACK = "canarySlack0123456789abcd";
const SECRET = "canary hmac / secret+with=signs";
const BEARER = "canaryBearer0123456789";
const PATH = "canary-path-0123456789";

/** The chat that messages go to, unless a test says otherwise. */
export const CHAT = 42;

export const telegram: Platform = {
  name: "NotifyTelegram",
  kind: "telegram",
  secrets: [TOKEN, TOKEN.split(":")[1]],
  make: (apiUrl, options) =>
    new NotifyTelegram({ token: TOKEN, chatId: CHAT, apiUrl, ...options }),
  // What parts a name from its "@" is not seen.
  shown: ({ value }) => value.text.replaceAll("\u2060", ""),
  busy: (retry_after) =>
    answer(429, {
      ok: false,
      error_code: 429,
      description: `Too Many Requests: retry after ${retry_after}`,
      parameters: { retry_after },
    }),
};

export const discord: Platform = {
  name: "NotifyDiscord",
  kind: "discord",
  secrets: [DISCORD],
  make: (url, options) => {
    const webhookUrl = `${url}/api/webhooks/123456789012345678/${DISCORD}`;
    return new NotifyDiscord({ webhookUrl, ...options });
  },
  shown: ({ value: { title, description, fields } }) =>
    [title, description, ...fields.map((field: string[]) => field.join(": "))]
      .join("\n"),
  busy: (retry_after) =>
    answer(429, {
      message: "You are being rate limited.",
      retry_after,
      global: false,
    }),
};

export const slack: Platform = {
  name: "NotifySlack",
  kind: "slack",
  secrets: [SLACK],
  make: (url, options) => {
    const webhookUrl = `${url}/services/T0000CANARY/B0000CANARY/${SLACK}`;
    return new NotifySlack({ webhookUrl, ...options });
  },
  shown: ({ value }) => value.blocks.join("\n"),
  busy: (seconds) =>
    answer(429, { ok: false, error: "rate_limited" }, {
      "retry-after": String(seconds),
    }),
};

export const webhook: Platform = {
  name: "NotifyWebhook",
  kind: "webhook",
  secrets: [PATH, SECRET, BEARER],
  hidden: [SECRET, BEARER],
  make: (url, options) =>
    new NotifyWebhook({
      url: `${url}/${PATH}?key=${PATH}`,
      secret: SECRET,
      headers: { authorization: `Bearer ${BEARER}` },
      ...options,
    }),
  shown: ({ text }) => text,
  busy: (seconds) => answer(503, {}, { "retry-after": String(seconds) }),
};

/** All of them. */
export const PLATFORMS: readonly Platform[] = [
  telegram,
  discord,
  slack,
  webhook,
];

/** Options with which nobody waits for long. */
export const QUICK: NotifyOptions = { interval: 0 };

/** Options of an inbox that refuses nobody because of the rate. */
export const ANY_RATE = { timeFactor: 1e-6 };

/** A notifier, and what it writes to. */
export interface Bench {
  readonly inbox: LabInbox;
  readonly notify: Notify;
}

/**
 * Opens a notifier with an inbox at its other end.
 *
 * @param platform The kind.
 * @param options Those of the notifier, and those of the inbox.
 */
export async function open(
  platform: Platform,
  options: NotifyOptions = QUICK,
  inboxOptions: Record<string, unknown> = {},
): Promise<Bench> {
  const inbox = await openInbox(platform.kind, inboxOptions);
  return { inbox, notify: platform.make(inbox.url, options) };
}

/** What a task is like; what is not said is like this. */
export interface TaskLike {
  workflowId?: string;
  runId?: string;
  taskId?: string;
  status?: TaskStatus;
  /** What was thrown, or the message of a `TypeError`. */
  error?: unknown;
  result?: unknown;
}

/** Makes a task as a notifier is given it; it has failed. */
export function taskOf(like: TaskLike = {}): Task {
  const { workflowId = "nightly", runId = "run-1", taskId = "extract" } = like;
  const { status = "Failed", error, result } = like;
  const empty = new Context();
  const init = { taskId, name: taskId, groupName: "default" };
  const place = { workflowId, runId, createdMs: 1_000, empty };
  const task = new Task({ ...init, initialContext: empty }, place);
  const thrown = typeof error === "string" ? new TypeError(error) : error;
  return Object.assign(task, {
    status,
    duration: 1_234.5,
    startedMs: 2_000,
    errors: error === undefined ? [] : [new TaskError(1, thrown, 3_000)],
    currentContext: new Context({ storage: result, taskId }),
  });
}

/**
 * Tells a notifier of tasks, and waits until it has told others.
 *
 * @returns What has arrived.
 */
export async function tell(
  { inbox, notify }: Bench,
  ...tasks: TaskLike[]
): Promise<Received[]> {
  for (const task of tasks) notify.hookStatusTask(taskOf(task));
  await flush(notify);
  const received = await inbox.received();
  for (const { status, refusal } of received) {
    assert.ok(status >= 200 && status < 300, `${status}: ${refusal}`);
  }
  return received;
}

/** Waits until a notifier has told all, as the end of a run does. */
export async function flush(notify: Notify): Promise<void> {
  await notify.flush?.();
}

/** How many changes a message tells of, whatever their status is. */
export function countIn(text: string): number {
  const headline = text.startsWith("{")
    ? JSON.parse(text).summary as string
    : text.split("\n")[0];
  const counts = headline.match(/\d+/g) ?? ["1"];
  return counts.map(Number).reduce((sum, count) => sum + count, 0);
}

/** Sets the clock forward, or back, until the present test ends. */
export function movableClock(): (ms: number) => void {
  const { now } = Date;
  let moved = 0;
  Date.now = () => now() + moved;
  cleanup(() => Date.now = now);
  return (ms) => void (moved += ms);
}

/** What no error may show. */
export const CANARY = "canary1234567890";

/** What is refused of the options that every notifier has. */
export const COMMON_REFUSALS: Readonly<Record<string, readonly unknown[]>> = {
  notificationType: [[], "Done", ["Failed", "done"], "", null, 5, {}, CANARY],
  showResult: [1, null, {}],
  timeout: [0, -1, NaN, {}, null],
  interval: [-1, NaN, {}, null, Infinity],
  maxAttempts: [0, -1, 1.5, Infinity, {}, null],
  fetch: [null, {}, 5],
  chatID: [1],
};

/** What is refused of an address. */
export const URL_REFUSALS: readonly unknown[] = [
  undefined,
  null,
  "",
  CANARY,
  `example.com/${CANARY}`,
  `ftp://example.com/${CANARY}`,
  `http://example.com/${CANARY}`,
  `http://127.0.0.1.example.com/${CANARY}`,
  `http://localhost.example.com/${CANARY}`,
  `file:///${CANARY}`,
  `javascript:${CANARY}`,
  `https://user:${CANARY}@example.com/`,
  `https://${CANARY}@example.com/`,
  `https://example.com/#${CANARY}`,
  new URL(`https://example.com/${CANARY}`),
  { url: CANARY },
  5,
];

/**
 * Asserts that values are refused by the name of their option, that the values
 * are not shown, and that options are an object.
 *
 * @param make Makes a notifier.
 * @param good Options that it takes.
 * @param refusals The values, by name of option.
 */
export async function refuses(
  make: (options: unknown) => unknown,
  good: object,
  refusals: Readonly<Record<string, readonly unknown[]>>,
): Promise<void> {
  for (const [option, values] of Object.entries(refusals)) {
    for (const value of values) {
      const given = { ...good, [option]: value };
      const words = new RegExp(`^Cannot use .*\\b${option}\\b`);
      const error = await throwsWith(
        () => make(given),
        "INVALID_OPTION",
        words,
      );
      assert.ok(!showAll(error).includes(CANARY), error.message);
    }
  }
  for (const options of [undefined, null, 5, CANARY, [good]]) {
    const words = /^Cannot use .* as options of Notify/;
    const call = () => make(options);
    const error = await throwsWith(call, "INVALID_OPTION", words);
    assert.ok(!showAll(error).includes(CANARY), error.message);
  }
}

/** What has become of a run. */
export interface Outcome {
  readonly run: Run;
  /** All that was written to the log. */
  readonly lines: readonly Line[];
  /** What was written to it of failing watchers. */
  readonly reports: readonly Line[];
}

/** Runs some steps in a workflow of the name `nightly`. */
export async function runWith(
  notify: Notify,
  steps: readonly Action[],
  options: StartOptions & { workflowId?: string; config?: ConfigOptions } = {},
): Promise<Outcome> {
  const { workflowId = "nightly", config: others, ...start } = options;
  const lines: Line[] = [];
  const log = new LogRecorder(lines);
  const config = new Config({ notify, log, ...others });
  const workflow = new DotFlow({ workflowId, config });
  for (const step of steps) workflow.task.add(step);
  const run = await workflow.start({ keepGoing: true, ...start });
  const reports = lines.filter(({ message }) =>
    message.startsWith("Cannot deliver")
  );
  return { run, lines, reports };
}

/** A step that fails. */
export function failure(name: string, message: string): Action {
  return action(name, () => {
    throw new TypeError(message);
  });
}

/** All that can be seen of anything. */
export function showAll(value: unknown): string {
  const { stack, message, cause } = Object(value);
  const all = inspect(value, { depth: null, showHidden: true });
  let json = "";
  try {
    json = JSON.stringify(value);
  } catch {
    // It has a cycle.
  }
  return [stack, message, inspect(cause), String(value), all, json].join("\n");
}
