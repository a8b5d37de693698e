/**
 * The webhooks of Discord: they check what its documentation says of messages
 * and embeds, measured in code points, and limit the rate: 5 requests in 2
 * seconds for a webhook, which headers tell of, and 30 messages a minute for a
 * channel, which shows only when it is exceeded.
 *
 * @see https://docs.discord.com/developers/resources/webhook#execute-webhook
 * @see https://docs.discord.com/developers/resources/message#embed-object-embed-limits
 * @see https://docs.discord.com/developers/topics/rate-limits
 * @see https://github.com/discord/discord-api-docs/issues/1315 (code points)
 * @see https://github.com/discord/discord-api-docs/issues/1454 (30 a minute)
 * @module
 */

import type { ChatOptions } from "./api.ts";
import type { Service, Verdict } from "./inbox.ts";
import { findBroken, findUnknown, type Json, json, parseJson } from "./json.ts";
import { Limit } from "./limit.ts";
import { readMarkdown } from "./markdown.ts";

const MEMBERS = {
  message: [
    ...["content", "username", "avatar_url", "tts", "embeds"],
    ...["allowed_mentions", "components", "flags", "thread_name", "poll"],
  ],
  embed: [
    ...["title", "type", "description", "url", "timestamp", "color", "footer"],
    ...["image", "thumbnail", "author", "fields"],
  ],
  field: ["name", "value", "inline"],
  mentions: ["parse", "roles", "users", "replied_user"],
};

/** A part of a body and what is wrong with it. */
type Problem = [path: string, code: string, message: string];

/** Makes a channel with one webhook. */
export function makeDiscord(options: ChatOptions = {}): Service {
  const { timeFactor = 1, token } = options;
  const own = new Limit(5, 2_000 * timeFactor);
  const channel = new Limit(30, 60_000 * timeFactor);
  let messages = 0;
  return ({ method, path, headers, text, timeMs }) => {
    const [, given, query] =
      /^\/api\/(?:v\d+\/)?webhooks\/\d+\/([\w-]+)(?:\?(.*))?$/.exec(path) ?? [];
    if (method !== "POST" || given === undefined) {
      const message = "404: Not Found";
      return json(404, { message, code: 0 }, { refusal: message });
    }
    if (given !== (token ?? given)) {
      const message = "Unknown Webhook";
      return json(404, { message, code: 10015 }, { refusal: message });
    }
    const wait = new URLSearchParams(query).get("wait") === "true";
    const waitMs = Math.max(own.waitMs(timeMs), channel.waitMs(timeMs));
    if (waitMs > 0) {
      return tooMany(waitMs, own.waitMs(timeMs) > 0, rateHeaders(own, timeMs));
    }
    own.count(timeMs);
    const rate = { headers: rateHeaders(own, timeMs) };
    const isJson = /^application\/json\b/.test(headers["content-type"] ?? "");
    const body = isJson ? parseJson(text) : undefined;
    if (body === undefined) {
      const message = "The request body contains invalid JSON.";
      return json(400, { message, code: 50109 }, { ...rate, refusal: message });
    }
    const problem = problemsOf(body).next().value;
    if (problem) return refuse(problem, rate.headers);
    channel.count(timeMs);
    const value = { ...shownOf(body), body };
    if (!wait) return { status: 204, ...rate, value };
    const message = { id: String(++messages), type: 0, embeds: body.embeds };
    return json(200, message, { ...rate, value });
  };
}

function rateHeaders(limit: Limit, nowMs: number): Record<string, string> {
  const resetS = limit.resetMs(nowMs) / 1_000;
  return {
    "x-ratelimit-limit": String(limit.most),
    "x-ratelimit-remaining": String(limit.remaining(nowMs)),
    "x-ratelimit-reset": (Date.now() / 1_000 + resetS).toFixed(3),
    "x-ratelimit-reset-after": resetS.toFixed(3),
    "x-ratelimit-bucket": "abcd1234",
  };
}

function tooMany(
  waitMs: number,
  isOwn: boolean,
  headers: Record<string, string>,
): Verdict {
  const message = isOwn
    ? "You are being rate limited."
    : "The resource is being rate limited.";
  const retry_after = Math.ceil(waitMs) / 1_000;
  return json(429, { message, retry_after, global: false }, {
    headers: {
      ...headers,
      "retry-after": String(Math.ceil(retry_after)),
      "x-ratelimit-scope": isOwn ? "user" : "shared",
    },
    refusal: message,
  });
}

function refuse(
  [path, code, message]: Problem,
  headers: Record<string, string>,
): Verdict {
  const leaf: Json = { _errors: [{ code, message }] };
  const errors = path.split(".").reduceRight<Json>(
    (inner, name) => ({ [name]: inner }),
    leaf,
  );
  const answer = { message: "Invalid Form Body", code: 50035, errors };
  return json(400, answer, { headers, refusal: `${path}: ${message}` });
}

function* problemsOf(body: Json): Generator<Problem> {
  const { content, username, embeds = [], allowed_mentions } = body;
  yield* unknown("", body, MEMBERS.message);
  if (findBroken(body)) yield ["body", "BASE_TYPE_BAD_STRING", "Not UTF-8"];
  if (!content && embeds.length === 0) {
    yield ["content", "BASE_TYPE_REQUIRED", "Cannot send an empty message"];
  }
  if (content !== undefined) yield* length("content", content, 2_000);
  if (username !== undefined) {
    yield* length("username", username, 80);
    if (/clyde|discord/i.test(username)) {
      yield ["username", "USERNAME_INVALID_CONTAINS", "It has a bad word"];
    }
  }
  if (embeds.length > 10) yield tooLong("embeds", 10);
  let total = 0;
  for (const [index, embed] of embeds.entries()) {
    const at = `embeds.${index}`;
    yield* unknown(at, embed, MEMBERS.embed);
    const { title, description, color, fields = [] } = embed;
    if (title !== undefined) yield* length(`${at}.title`, title, 256);
    if (description !== undefined) {
      yield* length(`${at}.description`, description, 4_096);
    }
    if (color !== undefined && !(color >= 0 && color <= 0xffffff)) {
      yield [`${at}.color`, "NUMBER_TYPE_MAX", "It is no color"];
    }
    if (fields.length > 25) yield tooLong(`${at}.fields`, 25);
    for (const [index, field] of fields.entries()) {
      const place = `${at}.fields.${index}`;
      yield* unknown(place, field, MEMBERS.field);
      yield* length(`${place}.name`, field.name, 256);
      yield* length(`${place}.value`, field.value, 1_024);
      total += sizeOf(field.name) + sizeOf(field.value);
    }
    total += sizeOf(title ?? "") + sizeOf(description ?? "");
  }
  if (total > 6_000) {
    yield ["embeds", "MAX_EMBED_SIZE_EXCEEDED", "Over 6000 in all"];
  }
  yield* mentions(allowed_mentions ?? {});
}

function* mentions(allowed: Json): Generator<Problem> {
  yield* unknown("allowed_mentions", allowed, MEMBERS.mentions);
  const types = ["roles", "users", "everyone"];
  const { parse = [] } = allowed;
  if (!parse.every((type: unknown) => types.includes(type as string))) {
    yield ["allowed_mentions.parse", "BASE_TYPE_CHOICES", "Unknown type"];
  }
}

function* unknown(
  at: string,
  value: Json,
  allowed: readonly string[],
): Generator<Problem> {
  const name = findUnknown(value, allowed);
  if (name !== undefined) yield [`${at}.${name}`, "UNKNOWN", "Unknown member"];
}

function* length(
  path: string,
  text: unknown,
  most: number,
): Generator<Problem> {
  if (typeof text !== "string" || text.trim() === "") {
    yield [path, "BASE_TYPE_REQUIRED", "This field is required"];
  } else if (sizeOf(text) > most) yield tooLong(path, most);
}

function tooLong(path: string, most: number): Problem {
  const message = `Must be ${most} or fewer in length.`;
  return [path, "BASE_TYPE_MAX_LENGTH", message];
}

/** In code points, without the white space at both ends. */
function sizeOf(text: string): number {
  return [...text.trim()].length;
}

/** What somebody sees who reads the first embed. */
function shownOf({ embeds = [] }: Json) {
  const { title = "", description = "", fields = [] } = embeds[0] ?? {};
  const texts = [title, description].map(readMarkdown);
  const shown = fields.map(({ name, value }: Json) => {
    const [label, content] = [name, value].map(readMarkdown);
    texts.push(label, content);
    return [label.text, content.text];
  });
  return {
    title: texts[0].text,
    description: texts[1].text,
    fields: shown,
    markup: texts.flatMap(({ markup }) => markup),
  };
}
