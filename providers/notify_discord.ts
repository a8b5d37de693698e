/**
 * A notifier that writes to a channel of Discord, by a webhook.
 *
 * @example
 * ```ts
 * import { action, Config, DotFlow } from "@dotflow/dotflow";
 * import { NotifyDiscord } from "@dotflow/dotflow/providers/notify-discord";
 *
 * const workflow = new DotFlow({
 *   workflowId: "daily-users",
 *   config: new Config({
 *     notify: new NotifyDiscord({
 *       webhookUrl: "https://discord.com/api/webhooks/…id…/…token…",
 *       notificationType: ["Failed", "Completed"],
 *       showResult: true,
 *     }),
 *   }),
 * });
 * workflow.task.add(action("extract", () => [1, 2, 3]));
 * ```
 *
 * @module
 */

import { Notify } from "../src/contracts/notify.ts";
import type { Fetch, HttpAnswer, HttpRequest } from "../src/http/retry.ts";
import { parseObject, textOf } from "../src/http/said.ts";
import { kindOf, optional } from "../src/options.ts";
import type { TaskStatus } from "../src/status.ts";
import { toSafeUrl } from "../src/secret.ts";
import type { Task } from "../src/task.ts";
import type { Batch, Change } from "./notify/batch.ts";
import { type Channel, postJson } from "./notify/channel.ts";
import { detailsOf, gravestOf, headlineOf, listOf } from "./notify/message.ts";
import {
  COMMON,
  type NotifyOptions,
  readNotifyOptions,
} from "./notify/options.ts";
import { NotifyQueue } from "./notify/queue.ts";
import { formsOf, secretsOf, suspectsOf } from "./notify/secrets.ts";
import { codePointsIn, fit, manyLines, type Style } from "./notify/text.ts";

export type { Fetch, NotifyOptions };

/** Options of {@linkcode NotifyDiscord}. */
export interface NotifyDiscordOptions extends NotifyOptions {
  /** The address of the webhook, as Discord shows it. It is a secret. */
  readonly webhookUrl: string;
  /** The name that messages bear. @default That of the webhook */
  readonly username?: string;
}

const CHECKS = {
  ...COMMON,
  webhookUrl: toSafeUrl,
  username: optional(kindOf<string>(
    (value) =>
      typeof value === "string" && value.trim() !== "" &&
      codePointsIn(value) <= 80 && !/clyde|discord/i.test(value),
    'a name of up to 80 characters without "discord" and "clyde"',
  )),
};

/** 30 messages a minute in a channel. */
const INTERVAL_MS = 2_000;

/** The longest parts of an embed, in code points. */
const LONGEST = { description: 4_096, value: 1_024 };

const COLORS: Readonly<Record<TaskStatus, number>> = {
  "Not started": 0x99aab5,
  "In progress": 0x3498db,
  "Completed": 0x2ecc71,
  "Paused": 0x7f8c8d,
  "Retry": 0xf1c40f,
  "Failed": 0xe74c3c,
};

/** Where a backslash stands before it, no character is markup. */
const MARKDOWN: Style = {
  encode: (char) => /[\\`*_~|<>[\]()#@:-]/.test(char) ? `\\${char}` : char,
  sizeOf: codePointsIn,
};

/** Inside of a code block, all is text until there are three backticks. */
const CODE: Style = {
  encode: (char) => char === "`" ? "`\u200b" : char,
  sizeOf: codePointsIn,
};

/**
 * Writes to a channel of Discord whenever the status of a task changes. The
 * message is an embed: its title has the symbol and the status, its colour is
 * that of the status, its description names workflow and task, and the fields
 * Result and Error have what is to be shown.
 *
 * - What happens within `interval` (2 seconds by default, as the limits of
 *   Discord ask) is told in one message, such as "37 tasks failed", which names
 *   the first 20. A first message waits for others for a tenth of a second; at
 *   the end of a run, what waits is sent as soon as it may be.
 * - A message is sent again when no answer comes, so it may come twice. Where
 *   Discord asks to wait (429), it is kept, joined with what comes meanwhile, and
 *   given up after a minute. Where it says that the webhook is unknown, nothing
 *   more is sent there.
 * - Nothing in a text is markup, and nobody is mentioned. What is over the limits
 *   of embeds, in Unicode code points, is cut. Errors are shown as they are, but
 *   for the address of the webhook.
 * - The end of a run waits for a pause of 4 s at most. What has to wait longer is
 *   sent by itself: a process stays alive for it, unless it calls
 *   `process.exit()`; in a Worker, the next run sends it.
 * - In a Worker, hand `waitUntil` to `start`, so that messages are sent after
 *   the response.
 *
 * In Deno it needs `--allow-net=discord.com`. It was tested against a server of
 * our own that enforces the published limits, not against Discord itself.
 *
 * @see {@link https://docs.discord.com/developers/resources/webhook#execute-webhook}
 * @see {@link https://docs.discord.com/developers/resources/message#embed-object-embed-limits}
 * @see {@link https://github.com/discord/discord-api-docs/issues/1315} for the
 * unit of lengths
 * @see {@link https://docs.discord.com/developers/topics/rate-limits}
 */
export class NotifyDiscord extends Notify {
  readonly #queue: NotifyQueue;

  /**
   * Makes the notifier, without a request.
   *
   * @param options Which webhook, and what is told there.
   * @throws {InvalidOptionError} If an option is unknown or not usable; secrets
   * are not shown.
   */
  constructor(options: NotifyDiscordOptions) {
    super();
    const given = readNotifyOptions(options, "NotifyDiscord", CHECKS);
    const channel = new DiscordChannel(given.webhookUrl, given.username);
    this.#queue = new NotifyQueue(channel, given, INTERVAL_MS);
  }

  /**
   * Takes a change of status, which will be sent by itself.
   *
   * @param task The task as it stands.
   * @throws {DeliveryError} If earlier changes could not be delivered.
   */
  hookStatusTask(task: Task): void {
    this.#queue.take(task);
  }

  /**
   * Sends what waits, and waits until all that was taken is delivered or given
   * up, but for what has to wait for more than 4 s.
   *
   * @throws {DeliveryError} If some of it could not be delivered.
   */
  override async flush(): Promise<void> {
    await this.#queue.flush();
  }
}

class DiscordChannel implements Channel {
  readonly name = "Discord";
  readonly options = "webhookUrl";
  readonly secrets: readonly string[];
  readonly hidden: readonly string[];
  readonly #url: string;
  readonly #username: string | undefined;

  constructor(webhookUrl: string, username: string | undefined) {
    this.secrets = formsOf(suspectsOf(webhookUrl));
    this.hidden = formsOf(secretsOf(webhookUrl));
    const url = new URL(webhookUrl);
    // Without it, Discord says nothing of a message that it does not keep.
    url.searchParams.set("wait", "true");
    this.#url = url.href;
    this.#username = username;
  }

  compose(batch: Batch): HttpRequest {
    const text = batch.total > 1
      ? { description: listOf(batch, LONGEST.description, MARKDOWN) }
      : describeChange(batch.named[0]);
    const color = COLORS[gravestOf(batch)];
    const body = JSON.stringify({
      username: this.#username,
      embeds: [{ title: headlineOf(batch), color, ...text }],
      allowed_mentions: { parse: [] },
    });
    return postJson(this.#url, body);
  }

  doubt(answer: HttpAnswer): string | undefined {
    const isOk = answer.status === 204 ||
      parseObject(textOf(answer))?.id !== undefined;
    return isOk ? undefined : "the answer is none of Discord's";
  }

  /** Discord blocks who goes on after that. */
  isGone(answer: HttpAnswer): boolean {
    return answer.status === 404 && parseObject(textOf(answer))?.code === 10015;
  }
}

function describeChange(change: Change): object {
  const { ids, body } = detailsOf(change, MARKDOWN);
  const description = ids.map(([label, id]) => `**${label}:** ${id}`)
    .join("\n");
  if (body === undefined) return { description };
  const [name, text] = body;
  return { description, fields: [{ name, value: fence(text) }] };
}

/** A code block that its text cannot break out of. */
function fence(text: string): string {
  const open = "```\n";
  const close = "\n```";
  const room = LONGEST.value - open.length - close.length;
  return open + fit(manyLines(text), room, CODE) + close;
}
