/**
 * All inboxes of the lab: what tests ask for under `/_lab/inboxes`, and what
 * providers send to under `/inbox`.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import type { Exchange } from "../exchange.ts";
import type { InboxKind } from "./api.ts";
import { makeDiscord } from "./discord.ts";
import { Inbox, type MakeService } from "./inbox.ts";
import { makeOtlp } from "./otlp.ts";
import { makeRemote } from "./remote.ts";
import { makeSentry } from "./sentry.ts";
import { makeSlack } from "./slack.ts";
import { makeTelegram } from "./telegram.ts";
import { makeWebhook } from "./webhook.ts";

/** The path of what tests ask for. */
export const INBOX_CONTROL_PATH = "/_lab/inboxes";

/** The path of what is sent to inboxes. */
export const INBOX_PATH = "/inbox/";

const SERVICES: Record<InboxKind, MakeService> = {
  otlp: makeOtlp,
  remote: makeRemote,
  sentry: makeSentry,
  webhook: makeWebhook,
  telegram: makeTelegram,
  discord: makeDiscord,
  slack: makeSlack,
};

const inboxes = new Map<string, Inbox>();

/**
 * Answers a test.
 *
 * @param exchange The question.
 * @param address The address of the lab.
 */
export function controlInboxes(exchange: Exchange, address: string): void {
  const [id, what = ""] = exchange.path.slice(INBOX_CONTROL_PATH.length + 1)
    .split("/");
  const sent = exchange.body.length > 0 ? JSON.parse(exchange.text) : undefined;
  if (id === "") {
    const { kind, options } = sent as { kind: InboxKind; options: unknown };
    const name = randomBytes(8).toString("hex");
    inboxes.set(name, new Inbox(SERVICES[kind](options)));
    return answer(exchange, { id: name, url: address + INBOX_PATH + name });
  }
  const inbox = inboxes.get(id)!;
  switch (`${exchange.method} ${what}`) {
    case "GET received":
      return answer(exchange, inbox.received);
    case "PUT faults":
      return answer(exchange, inbox.fail(sent));
    case "DELETE received":
      inbox.received = [];
      return answer(exchange, null);
    case "DELETE ":
      return answer(exchange, inboxes.delete(id));
    default:
      throw new Error(`The lab does not know ${exchange.method} ${what}`);
  }
}

/**
 * Brings a request to its inbox.
 *
 * @param exchange The request.
 */
export async function serveInbox(exchange: Exchange): Promise<void> {
  const [, id, rest] = /^([^/]*)(.*)$/.exec(
    exchange.path.slice(INBOX_PATH.length),
  )!;
  const inbox = inboxes.get(id);
  // A test may be over before what it has sent arrives.
  if (inbox === undefined) return exchange.send({ status: 410 });
  await inbox.serve(exchange, rest);
}

function answer(exchange: Exchange, value: unknown): void {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify(value ?? null);
  exchange.send({ status: 200, headers, body });
}
