/**
 * A notifier that writes to a chat of Telegram.
 *
 * @example
 * ```ts
 * import { action, Config, DotFlow } from "@dotflow/dotflow";
 * import { NotifyTelegram } from "@dotflow/dotflow/providers/notify-telegram";
 *
 * const workflow = new DotFlow({
 *   workflowId: "daily-users",
 *   config: new Config({
 *     notify: new NotifyTelegram({
 *       token: "123456:…the bot's token…",
 *       chatId: -1001234567890,
 *       notificationType: "Failed",
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
import { type Checked, optional, toCount } from "../src/options.ts";
import { isBareAndSafe, secretOf } from "../src/secret.ts";
import type { Task } from "../src/task.ts";
import type { Batch } from "./notify/batch.ts";
import { type Channel, postJson } from "./notify/channel.ts";
import { headlineOf, plainTextOf } from "./notify/message.ts";
import {
  COMMON,
  type NotifyOptions,
  readNotifyOptions,
} from "./notify/options.ts";
import { NotifyQueue } from "./notify/queue.ts";
import { formsOf } from "./notify/secrets.ts";

export type { Fetch, NotifyOptions };

/** Options of {@linkcode NotifyTelegram}. */
export interface NotifyTelegramOptions extends NotifyOptions {
  /** The bot's token, as BotFather gives it. */
  readonly token: string;
  /**
   * The chat: its number, which is negative for groups and channels, or the name
   * of a public one, such as "@my_channel".
   */
  readonly chatId: number | string;
  /** The topic of a forum. @default None */
  readonly threadId?: number;
  /**
   * The address of a Bot API server of one's own.
   *
   * @default {"https://api.telegram.org"}
   */
  readonly apiUrl?: string;
}

const CHECKS = {
  ...COMMON,
  token: secretOf<string>(
    (value) =>
      typeof value === "string" && /^[1-9]\d*:[\w-]+$/.test(value) &&
      value.length <= 80,
    "the bot's token, such as 123456:ABC-DEF, as BotFather shows it",
  ),
  // Somebody may have taken the one for the other.
  chatId: secretOf<number | string>(
    (value) =>
      typeof value === "string"
        ? /^(@[a-z]\w*|-?[1-9]\d*)$/i.test(value)
        : Number.isSafeInteger(value) && value !== 0,
    'the number of a chat, or the name of a public one, such as "@my_channel"',
  ),
  threadId: optional(toCount),
  apiUrl: optional(
    secretOf<string>(
      (value) => isBareAndSafe(value) && !/[?#]/.test(value),
      "an https address without user, password and query; http is for this " +
        "machine only",
    ),
    "https://api.telegram.org",
  ),
};

/** The longest text of a message, in UTF-16 code units. */
const LONGEST_TEXT = 4_096;
/** A message a second in a chat, 20 a minute in a group or channel. */
const INTERVAL_MS = { chat: 1_000, group: 3_000 };

/** Telegram looks for them by itself: names, tags, and commands (but no paths). */
const ENTITIES = new RegExp(
  [
    /(?<![\p{L}\p{N}_])@(?=\w)/u,
    /(?<![\p{L}\p{N}_])#(?=[\p{L}\p{N}_\xb7\u200c])/u,
    /(?<![\p{L}\p{N}_])\$(?=[A-Z]|1INCH)/u,
    /(?<![\p{L}\p{N}_/<>])\/(?=\w+(?![\w/]))/u,
  ].map(({ source }) => source).join("|"),
  "gu",
);
/** Is not seen, and parts them. */
const WORD_JOINER = "\u2060";

/**
 * Writes to a chat of Telegram whenever the status of a task changes: a symbol
 * and the status, the workflow, the task, and the error of a task that failed.
 *
 * - What happens within `interval` is told in one message, such as "37 tasks
 *   failed", which names the first 20. By default that is a second, and 3
 *   seconds in groups and channels, as the limits of Telegram ask. A first
 *   message waits for others for a tenth of a second; at the end of a run, what
 *   waits is sent as soon as it may be.
 * - A message is sent again when no answer comes, so it may come twice. Where
 *   Telegram asks to wait (429), it is kept, joined with what comes meanwhile,
 *   and given up after a minute.
 * - Texts are plain: nothing in them is markup, and nothing mentions somebody or
 *   is a tag or a command, since an invisible U+2060 stands behind its first
 *   character. Links have no preview, and what is over 4,096 UTF-16 code units
 *   is cut. Errors are shown as they are, but for the token.
 * - The end of a run waits for a pause of 4 s at most. What has to wait longer is
 *   sent by itself: a process stays alive for it, unless it calls
 *   `process.exit()`; in a Worker, the next run sends it.
 * - In a Worker, hand `waitUntil` to `start`, so that messages are sent after
 *   the response.
 *
 * In Deno it needs `--allow-net=api.telegram.org`. It was tested against a server
 * of our own that enforces the published limits, not against Telegram itself.
 *
 * @see {@link https://core.telegram.org/bots/api#sendmessage}
 * @see {@link https://core.telegram.org/api/entities} for what it finds in texts
 * @see {@link https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this}
 */
export class NotifyTelegram extends Notify {
  readonly #queue: NotifyQueue;

  /**
   * Makes the notifier, without a request.
   *
   * @param options Which chat, and what is told there.
   * @throws {InvalidOptionError} If an option is unknown or not usable; secrets
   * are not shown.
   */
  constructor(options: NotifyTelegramOptions) {
    super();
    const given = readNotifyOptions(options, "NotifyTelegram", CHECKS);
    const isChat = Number(given.chatId) > 0;
    const intervalMs = isChat ? INTERVAL_MS.chat : INTERVAL_MS.group;
    const channel = new TelegramChannel(given);
    this.#queue = new NotifyQueue(channel, given, intervalMs);
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

type TelegramPlace = Pick<
  Checked<typeof CHECKS>,
  "token" | "chatId" | "threadId" | "apiUrl"
>;

class TelegramChannel implements Channel {
  readonly name = "Telegram";
  readonly options = "token and chatId";
  readonly secrets: readonly string[];
  readonly #url: string;
  readonly #place: object;

  constructor({ token, chatId, threadId, apiUrl }: TelegramPlace) {
    this.secrets = formsOf([token, token.split(":")[1]]);
    this.#url = `${apiUrl.replace(/\/+$/, "")}/bot${token}/sendMessage`;
    this.#place = { chat_id: chatId, message_thread_id: threadId };
  }

  compose(batch: Batch): HttpRequest {
    const body = JSON.stringify({
      ...this.#place,
      text: textOfBatch(batch),
      link_preview_options: { is_disabled: true },
    });
    return postJson(this.#url, body);
  }

  doubt(answer: HttpAnswer): string | undefined {
    const isOk = parseObject(textOf(answer))?.ok === true;
    return isOk ? undefined : "the answer is none of Telegram's";
  }
}

/** The text of a message, in which Telegram finds nothing. */
function textOfBatch(batch: Batch, limit = LONGEST_TEXT): string {
  const headline = headlineOf(batch);
  const rest = plainTextOf(batch, limit - headline.length - 1);
  const text = `${headline}\n${rest}`.replace(ENTITIES, `$&${WORD_JOINER}`);
  const over = text.length - LONGEST_TEXT;
  return over > 0 ? textOfBatch(batch, limit - over) : text;
}
