/**
 * The Bot API of Telegram, as far as it sends texts: it checks what its
 * documentation and its own source say, and limits the rate as its FAQ says: a
 * message a second in a chat (with bursts of three), 20 a minute in a group or
 * channel, 30 a second in all. It finds entities in plain texts, too.
 *
 * @see https://core.telegram.org/bots/api#sendmessage
 * @see https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
 * @see https://github.com/tdlib/telegram-bot-api (errors and their words)
 * @see https://github.com/tdlib/td (`MessageEntity.cpp`: what it finds in texts)
 * @module
 */

import type { ChatOptions } from "./api.ts";
import type { Service, Verdict } from "./inbox.ts";
import { findBroken, type Json, json, parseJson } from "./json.ts";
import { Limit } from "./limit.ts";

/** How the bot is known. */
export interface TelegramOptions extends ChatOptions {
  /** The chats that the bot is in. @default All */
  chats?: (number | string)[];
}

/** The longest text, in UTF-16 code units. */
const LONGEST_TEXT = 4_096;

/** Makes a Bot API with one bot. */
export function makeTelegram(options: TelegramOptions = {}): Service {
  const { timeFactor = 1, token, chats } = options;
  const limitsOf = new Map<string, Limit[]>();
  const all = new Limit(30, 1_000 * timeFactor);
  const limits = (chat: string) => {
    const found = limitsOf.get(chat);
    if (found) return found;
    const made = [all, new Limit(3, 3_000 * timeFactor)];
    if (!(Number(chat) > 0)) made.push(new Limit(20, 60_000 * timeFactor));
    limitsOf.set(chat, made);
    return made;
  };
  let messages = 0;
  return ({ method, path, headers, text, timeMs }) => {
    const [, given, call] = /^\/bot([^/]*)\/(.*)$/.exec(path) ?? [];
    if (call?.toLowerCase() !== "sendmessage") return refuse(404, "Not Found");
    if (!/^[1-9]\d*:.{1,70}$/.test(given) || given !== (token ?? given)) {
      return refuse(401, "Unauthorized");
    }
    const isJson = /^application\/json\b/.test(headers["content-type"] ?? "");
    const body = method === "POST" && isJson ? parseJson(text) : undefined;
    if (body === undefined) return refuse(400, "Bad Request: can't parse JSON");
    const problem = problemOf(body);
    if (problem !== undefined) return refuse(400, `Bad Request: ${problem}`);
    const chat = String(body.chat_id);
    if (chats && !chats.map(String).includes(chat)) {
      return refuse(400, "Bad Request: chat not found");
    }
    const own = limits(chat);
    const waitMs = Math.max(...own.map((limit) => limit.waitMs(timeMs)));
    if (waitMs > 0) return tooMany(waitMs, timeFactor);
    for (const limit of own) limit.count(timeMs);
    const message = {
      message_id: ++messages,
      date: Math.floor(Date.now() / 1_000),
      chat: { id: body.chat_id },
      text: body.text.trim(),
    };
    const value = { ...body, markup: entitiesIn(body.text) };
    return json(200, { ok: true, result: message }, { value });
  };
}

/** A character of a word, and one of a tag. */
const WORD = String.raw`[\p{L}\p{N}_]`;
const TAG = String.raw`[\p{L}\p{N}_\xb7\u200c]`;

/** What somebody is told by, can look up or send with a touch. */
const ENTITIES = [
  `(?<!${WORD})@[a-zA-Z0-9_]{2,32}(?!${WORD})`,
  `(?<!${WORD}|[/<>])/[a-zA-Z0-9_]{1,64}(?!${WORD}|[/<>])`,
  `(?<!${TAG})#(?=${TAG}*\\p{L})${TAG}{1,256}(?!${TAG}*#)`,
  `(?<!${WORD}|\\$)\\$(?:1INCH|[A-Z]{1,8})(?!${WORD}|\\$)`,
].map((pattern) => new RegExp(pattern, "gu"));

/** The mentions, commands and tags that Telegram finds in a text. */
function entitiesIn(text: string): string[] {
  return ENTITIES.flatMap((pattern) => text.match(pattern) ?? []);
}

function problemOf(body: Json): string | undefined {
  const { chat_id, text, message_thread_id, link_preview_options } = body;
  if (findBroken(body)) return "strings must be encoded in UTF-8";
  const isChat = typeof chat_id === "string"
    ? /^(@\w+|-?\d+)$/.test(chat_id)
    : Number.isSafeInteger(chat_id);
  if (!isChat) return "chat_id is empty";
  if (typeof text !== "string" || text.trim() === "") {
    return "message text is empty";
  }
  if (text.length > LONGEST_TEXT) return "message is too long";
  if (body.parse_mode !== undefined) return "unsupported parse_mode";
  if (message_thread_id !== undefined && !Number.isInteger(message_thread_id)) {
    return "message thread not found";
  }
  if (
    link_preview_options !== undefined &&
    Object(link_preview_options) !== link_preview_options
  ) {
    return "object expected as link preview options";
  }
  return undefined;
}

function refuse(status: number, description: string): Verdict {
  const answer = { ok: false, error_code: status, description };
  return json(status, answer, { refusal: description });
}

/** Whole seconds, unless a second is less than one. */
function tooMany(waitMs: number, timeFactor: number): Verdict {
  const seconds = timeFactor === 1 ? Math.ceil(waitMs / 1_000) : waitMs / 1_000;
  const description = `Too Many Requests: retry after ${seconds}`;
  return json(429, {
    ok: false,
    error_code: 429,
    description,
    parameters: { retry_after: seconds },
  }, {
    headers: { "retry-after": String(Math.ceil(seconds)) },
    refusal: description,
  });
}
