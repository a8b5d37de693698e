/**
 * A notifier that posts JSON to an address, signed if there is a secret.
 *
 * @example
 * ```ts
 * import { action, Config, DotFlow } from "@dotflow/dotflow";
 * import { NotifyWebhook } from "@dotflow/dotflow/providers/notify-webhook";
 *
 * const workflow = new DotFlow({
 *   workflowId: "daily-users",
 *   config: new Config({
 *     notify: new NotifyWebhook({
 *       url: "https://example.com/hooks/dotflow",
 *       secret: "a long random text",
 *     }),
 *   }),
 * });
 * workflow.task.add(action("extract", () => [1, 2, 3]));
 * ```
 *
 * @example At the other end
 * ```ts
 * import {
 *   verifySignature,
 *   type WebhookMessage,
 * } from "@dotflow/dotflow/providers/notify-webhook";
 *
 * async function handle(request: Request): Promise<Response> {
 *   const body = await request.text();
 *   const header = request.headers.get("dotflow-signature");
 *   const secret = "a long random text";
 *   if (!await verifySignature({ secret, header, body })) {
 *     return new Response(null, { status: 401 });
 *   }
 *   const { id, summary }: WebhookMessage = JSON.parse(body);
 *   console.log(id, summary);
 *   return new Response(null, { status: 204 });
 * }
 * ```
 *
 * @module
 */

import { Notify } from "../src/contracts/notify.ts";
import type { Fetch, HttpRequest } from "../src/http/retry.ts";
import { optional } from "../src/options.ts";
import { secretOf, toSafeUrl, toSecret } from "../src/secret.ts";
import type { Task } from "../src/task.ts";
import type { Batch } from "./notify/batch.ts";
import { type Channel, postJson } from "./notify/channel.ts";
import {
  COMMON,
  type NotifyOptions,
  readNotifyOptions,
} from "./notify/options.ts";
import { NotifyQueue } from "./notify/queue.ts";
import { formsOf, isSecret, partsOf, suspectsOf } from "./notify/secrets.ts";
import { sign } from "./notify/signature.ts";
import { webhookMessageOf } from "./notify/webhook_message.ts";

export { verifySignature } from "./notify/signature.ts";
export type { SignatureCheck } from "./notify/signature.ts";
export type { WebhookMessage, WebhookTask } from "./notify/webhook_message.ts";
export type { Fetch, NotifyOptions };

/** Options of {@linkcode NotifyWebhook}. */
export interface NotifyWebhookOptions extends NotifyOptions {
  /** The address. It may hold a secret, and is not shown. */
  readonly url: string;
  /**
   * Signs each request, by a header `Dotflow-Signature: t=TIME,v1=SIGNATURE`:
   * seconds since the epoch, and the HMAC-SHA-256 of `TIME.BODY` with this
   * secret, in hexadecimal digits. `undefined` is refused: leave it out.
   *
   * @default Not signed
   */
  readonly secret?: string;
  /**
   * Further headers, in a plain object. Where a name speaks of a credential, such
   * as `authorization` or `x-api-key`, messages do not show its value either.
   *
   * @default {{}}
   */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Of our own; a second one would make a request that is none. */
const OWN_HEADERS = /^(content-(type|length)|dotflow-signature|host)$/i;

/** What such a header holds is a credential. */
const SECRET_HEADER = /auth|cookie|key|token|secret|password/i;

const CHECKS = {
  ...COMMON,
  url: toSafeUrl,
  secret: optional(toSecret),
  headers: optional(
    secretOf<Record<string, string>>(
      isHeaders,
      "a plain object of texts by the names of headers, but for Content-Type and " +
        "Dotflow-Signature",
    ),
    {},
  ),
};

/** No platform's limit, but a flood is no use to anybody. */
const INTERVAL_MS = 1_000;

/**
 * Posts JSON to an address whenever the status of a task changes; see
 * {@linkcode WebhookMessage}. Any answer of the kind 2xx says that it was taken.
 *
 * - What happens within `interval` (a second by default) is told in one
 *   message, with all of it counted and the first 20 changes described. A first
 *   message waits for others for a tenth of a second; at the end of a run, what
 *   waits is sent as soon as it may be.
 * - A message is sent again when no answer comes, so it may come twice, with the
 *   same `id`. Where the server asks to wait (429, or 503 with `Retry-After`), it
 *   is kept, joined with what comes meanwhile, and given up after a minute.
 * - With a `secret`, each request is signed anew, with its time;
 *   {@linkcode verifySignature} verifies that at the other end.
 * - Redirects are not followed. Errors are shown as they are, but for `secret`
 *   and credentials in `headers`.
 * - The end of a run waits for a pause of 4 s at most. What has to wait longer is
 *   sent by itself: a process stays alive for it, unless it calls
 *   `process.exit()`; in a Worker, the next run sends it.
 * - In a Worker, hand `waitUntil` to `start`, so that messages are sent after
 *   the response.
 *
 * In Deno it needs `--allow-net=HOST`. It was tested against a plain server of
 * our own.
 */
export class NotifyWebhook extends Notify {
  readonly #queue: NotifyQueue;

  /**
   * Makes the notifier, without a request.
   *
   * @param options Which address, and what is told there.
   * @throws {InvalidOptionError} If an option is unknown or not usable; secrets
   * are not shown.
   */
  constructor(options: NotifyWebhookOptions) {
    super();
    const given = readNotifyOptions(options, "NotifyWebhook", CHECKS);
    // A variable that is not set must not send what nobody can verify.
    if (Object.hasOwn(options, "secret")) toSecret(options.secret, "secret");
    const { url, secret, headers } = given;
    const channel = new WebhookChannel(url, secret, headers);
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

class WebhookChannel implements Channel {
  readonly name = "the webhook";
  readonly options = "url, secret and headers";
  readonly secrets: readonly string[];
  readonly hidden: readonly string[];
  readonly #url: string;
  readonly #secret: string | undefined;
  readonly #headers: Record<string, string>;

  constructor(
    url: string,
    secret: string | undefined,
    headers: Record<string, string>,
  ) {
    const credentials = [secret ?? ""];
    for (const [name, value] of Object.entries(headers)) {
      if (SECRET_HEADER.test(name)) credentials.push(...partsOf(value));
    }
    // Who gets the messages knows the address, and programs want exact ids.
    this.hidden = formsOf(credentials);
    this.secrets = formsOf([
      ...suspectsOf(url),
      ...Object.values(headers).filter(isSecret),
      ...credentials,
    ]);
    this.#url = url;
    this.#secret = secret;
    this.#headers = { ...headers };
  }

  async compose(batch: Batch): Promise<HttpRequest> {
    const body = JSON.stringify(webhookMessageOf(batch));
    const headers = { ...this.#headers };
    if (this.#secret !== undefined) {
      headers["dotflow-signature"] = await sign(this.#secret, body);
    }
    return postJson(this.#url, body, headers);
  }
}

function isHeaders(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  // What else has headers, such as `Headers`, has no keys of its own.
  const prototype = Object.getPrototypeOf(value);
  const isPlain = prototype === null ||
    Object.getPrototypeOf(prototype) === null;
  if (!isPlain) return false;
  return Object.entries(value).every(([name, text]) =>
    /^[\w!#$%&'*+.^`|~-]+$/.test(name) && !OWN_HEADERS.test(name) &&
    typeof text === "string" && /^[\t\x20-\x7e\x80-\xff]*$/.test(text)
  );
}
