/**
 * A notifier that writes to a channel of Slack, by an incoming webhook.
 *
 * @example
 * ```ts
 * import { action, Config, DotFlow } from "@dotflow/dotflow";
 * import { NotifySlack } from "@dotflow/dotflow/providers/notify-slack";
 *
 * const workflow = new DotFlow({
 *   workflowId: "daily-users",
 *   config: new Config({
 *     notify: new NotifySlack({
 *       webhookUrl: "https://hooks.slack.com/services/…",
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
import { textOf } from "../src/http/said.ts";
import { toSafeUrl } from "../src/secret.ts";
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
import { formsOf, secretsOf, suspectsOf } from "./notify/secrets.ts";
import type { Style } from "./notify/text.ts";

export type { Fetch, NotifyOptions };

/** Options of {@linkcode NotifySlack}. */
export interface NotifySlackOptions extends NotifyOptions {
  /** The address of the incoming webhook. It is a secret. */
  readonly webhookUrl: string;
}

const CHECKS = { ...COMMON, webhookUrl: toSafeUrl };

/** A message a second, with short bursts. */
const INTERVAL_MS = 1_000;

/** The longest text of a section, escaped, in UTF-16 code units. */
const LONGEST_TEXT = 3_000;

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
};

/** All that Slack reads between "<" and ">" is written with these characters. */
const ESCAPED: Style = { encode: (char) => ENTITIES[char] ?? char };

/**
 * Writes to a channel of Slack whenever the status of a task changes: a symbol
 * and the status, the workflow, the task, and the error of a task that failed.
 *
 * - What happens within `interval` (a second by default, as the limits of Slack
 *   ask) is told in one message, such as "37 tasks failed", which names the
 *   first 20. A first message waits for others for a tenth of a second; at the
 *   end of a run, what waits is sent as soon as it may be.
 * - A message is sent again when no answer comes, so it may come twice. Where
 *   Slack asks to wait (429), it is kept, joined with what comes meanwhile, and
 *   given up after a minute.
 * - Texts are plain: nothing in them is markup, nobody is mentioned, links have
 *   no preview, and what is over 3,000 characters is cut. Errors are shown as
 *   they are, but for the address of the webhook.
 * - The end of a run waits for a pause of 4 s at most. What has to wait longer is
 *   sent by itself: a process stays alive for it, unless it calls
 *   `process.exit()`; in a Worker, the next run sends it.
 * - In a Worker, hand `waitUntil` to `start`, so that messages are sent after
 *   the response.
 *
 * In Deno it needs `--allow-net=hooks.slack.com`. It was tested against a server
 * of our own that enforces the published limits, not against Slack itself.
 *
 * @see {@link https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks}
 * @see {@link https://docs.slack.dev/reference/block-kit/composition-objects/text-object}
 * @see {@link https://docs.slack.dev/apis/web-api/rate-limits}
 */
export class NotifySlack extends Notify {
  readonly #queue: NotifyQueue;

  /**
   * Makes the notifier, without a request.
   *
   * @param options Which webhook, and what is told there.
   * @throws {InvalidOptionError} If an option is unknown or not usable; secrets
   * are not shown.
   */
  constructor(options: NotifySlackOptions) {
    super();
    const given = readNotifyOptions(options, "NotifySlack", CHECKS);
    const channel = new SlackChannel(given.webhookUrl);
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

class SlackChannel implements Channel {
  readonly name = "Slack";
  readonly options = "webhookUrl";
  readonly secrets: readonly string[];
  readonly hidden: readonly string[];
  readonly #url: string;

  constructor(webhookUrl: string) {
    this.secrets = formsOf(suspectsOf(webhookUrl));
    this.hidden = formsOf(secretsOf(webhookUrl));
    this.#url = webhookUrl;
  }

  compose(batch: Batch): HttpRequest {
    const headline = headlineOf(batch);
    const rest = plainTextOf(batch, LONGEST_TEXT, ESCAPED);
    const body = JSON.stringify({
      // What notifications show, and who cannot see blocks.
      text: `${headline}\n${rest}`,
      blocks: [
        { type: "header", text: plain(headline) },
        { type: "section", text: plain(rest) },
      ],
      unfurl_links: false,
      unfurl_media: false,
    });
    return postJson(this.#url, body);
  }

  doubt(answer: HttpAnswer): string | undefined {
    const isOk = textOf(answer).trim() === "ok";
    return isOk ? undefined : "the answer is none of Slack's";
  }
}

/** Plain text knows no markup; names of emoji stay names. */
function plain(text: string): object {
  return { type: "plain_text", text, emoji: false };
}
