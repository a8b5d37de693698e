/**
 * What the inboxes of the lab and their client in `tests/inbox.ts` say to each
 * other. An inbox stands for a service that takes messages: it checks them as
 * the service would, keeps them, and fails when it is told to.
 *
 * @module
 */

/** The services that an inbox can stand for. */
export type InboxKind =
  | "otlp"
  | "remote"
  | "sentry"
  | "webhook"
  | "telegram"
  | "discord"
  | "slack";

/** The calls of the remote API. */
export type RemoteCall =
  | "createWorkflow"
  | "updateWorkflow"
  | "createTask"
  | "updateTask";

/** How an inbox that stands for the remote API behaves. */
export interface RemoteOptions {
  /** The token that it knows. @default {"token"} */
  token?: string;
}

/** How an inbox that stands for a chat behaves. */
export interface ChatOptions {
  /**
   * What stands for a second in the limits of the service: with 0.1, a minute is
   * over after six seconds.
   *
   * @default {1}
   */
  timeFactor?: number;
  /** The bot's token, or that of the webhook. @default Any */
  token?: string;
}

/** What an inbox does with a request in place of its own answer. */
export interface InboxFault {
  /**
   * What happens: an answer of one's own (`answer`), a redirect to another
   * address (`redirect`), an answer that holds all that the request did
   * (`echo`), one that breaks off in the middle (`truncated`), that comes bit by
   * bit (`slow`) or that is rubbish (`garbage`), a broken connection (`reset`),
   * or nothing for ever (`hang`).
   */
  kind:
    | "answer"
    | "redirect"
    | "echo"
    | "truncated"
    | "slow"
    | "garbage"
    | "reset"
    | "hang";
  /** The status of an answer. @default {500} */
  status?: number;
  /** Headers of an answer. */
  headers?: Record<string, string>;
  /** The body of an answer. */
  body?: string;
  /** Where a redirect leads to. */
  location?: string;
  /** Milliseconds over which a slow answer comes. @default {100} */
  slowMs?: number;
  /** How many requests have it. @default {1} */
  times?: number;
}

/** A request as an inbox has received it. */
export interface Received {
  /** Its place in the order of arrival, from 1. */
  n: number;
  /** When it arrived, in milliseconds since the opening. */
  timeMs: number;
  /** The HTTP method. */
  method: string;
  /** Its path behind the address of the inbox, with its query. */
  path: string;
  /** Its headers, by name in lower case. */
  headers: Record<string, string>;
  /** Its body as text. */
  text: string;
  /** The status of the answer; 0: none was sent. */
  status: number;
  /** Why the service has refused it, where it did. */
  refusal?: string;
  /** The fault that it had. */
  fault?: InboxFault["kind"];
  /** What the service has made of its body, where it was taken. */
  // deno-lint-ignore no-explicit-any
  value?: any;
}

/** What an inbox of Sentry makes of an envelope. */
export interface SentryEnvelope {
  /** The header of the envelope. */
  // deno-lint-ignore no-explicit-any
  header: Record<string, any>;
  /** What it holds. */
  type: "event" | "transaction";
  /** The event. */
  // deno-lint-ignore no-explicit-any
  payload: any;
}
