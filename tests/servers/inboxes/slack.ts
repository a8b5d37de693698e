/**
 * The incoming webhooks of Slack: they check what its documentation says of
 * messages and blocks, and limit the rate: a message a second, with bursts of
 * four.
 *
 * @see https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
 * @see https://docs.slack.dev/reference/block-kit/blocks
 * @see https://docs.slack.dev/reference/block-kit/composition-objects/text-object
 * @see https://docs.slack.dev/messaging/formatting-message-text#escaping
 * @see https://docs.slack.dev/apis/web-api/rate-limits
 * @see https://api.slack.com/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks
 * @module
 */

import type { ChatOptions } from "./api.ts";
import type { Service, Verdict } from "./inbox.ts";
import { findBroken, findUnknown, type Json, json, parseJson } from "./json.ts";
import { Limit } from "./limit.ts";

const MEMBERS = {
  message: ["text", "blocks", "unfurl_links", "unfurl_media", "mrkdwn"],
  header: ["type", "text", "block_id"],
  section: ["type", "text", "block_id", "fields", "accessory", "expand"],
  plain_text: ["type", "text", "emoji"],
  mrkdwn: ["type", "text", "verbatim"],
};

/** Makes a channel with one webhook. */
export function makeSlack(options: ChatOptions = {}): Service {
  const { timeFactor = 1, token } = options;
  const limit = new Limit(4, 4_000 * timeFactor);
  return ({ method, path, headers, text, timeMs }) => {
    const [, given] = /^\/services\/T\w+\/B\w+\/(\w+)$/.exec(path) ?? [];
    if (method !== "POST" || given === undefined) {
      return refuse(404, "no_service");
    }
    if (given !== (token ?? given)) return refuse(403, "invalid_token");
    const waitMs = limit.waitMs(timeMs);
    if (waitMs > 0) return tooMany(waitMs, timeFactor);
    limit.count(timeMs);
    const isJson = /^application\/json\b/.test(headers["content-type"] ?? "");
    const body = isJson ? parseJson(text) : undefined;
    if (body === undefined || findBroken(body)) {
      return refuse(400, "invalid_payload");
    }
    if (findUnknown(body, MEMBERS.message)) {
      return refuse(400, "invalid_payload");
    }
    if (typeof body.text !== "string" || body.text.trim() === "") {
      return refuse(400, "no_text");
    }
    const { blocks = [] } = body;
    const fits = blocks.length <= 50 && blocks.every(isBlock);
    if (!fits) return refuse(400, "invalid_blocks");
    const texts: string[] = blocks.map(({ text }: Json) => text.text);
    const value = {
      text: decode(body.text),
      blocks: texts.map(decode),
      markup: [body.text, ...texts].flatMap(markupIn),
      body,
    };
    const type = { "content-type": "text/html" };
    return { status: 200, headers: type, body: "ok", value };
  };
}

function isBlock(block: Json): boolean {
  switch (block.type) {
    case "header":
      return !findUnknown(block, MEMBERS.header) &&
        isText(block.text, 150, "plain_text");
    case "section":
      return !findUnknown(block, MEMBERS.section) && isText(block.text, 3_000);
    default:
      return false;
  }
}

function isText(
  object: Json,
  most: number,
  type: string = object.type,
): boolean {
  if (object.type !== type) return false;
  if (type !== "plain_text" && type !== "mrkdwn") return false;
  return !findUnknown(object, MEMBERS[type]) &&
    typeof object.text === "string" && object.text.trim() !== "" &&
    object.text.length <= most;
}

/** All that Slack would take for more than itself. */
function markupIn(text: string): string[] {
  return text.match(/<[^>]*>?|>|&(?!(amp|lt|gt);)/g) ?? [];
}

function decode(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}

function refuse(status: number, word: string): Verdict {
  const headers = { "content-type": "text/html" };
  return { status, headers, body: word, refusal: word };
}

function tooMany(waitMs: number, timeFactor: number): Verdict {
  const seconds = timeFactor === 1 ? Math.ceil(waitMs / 1_000) : waitMs / 1_000;
  const error = "rate_limited";
  return json(429, { ok: false, error, retry_after: seconds }, {
    headers: { "retry-after": String(seconds) },
    refusal: error,
  });
}
