/**
 * What becomes of each event of a client. Its `flush` does not tell: it may say
 * that all is well although nothing has arrived.
 *
 * @module
 */

import { HttpError } from "../../src/http/retry.ts";
import { endsWithin } from "../../src/wait.ts";
import type { SentryClient } from "./toucan.ts";

/** Why an event was lost, in a few words without secrets. */
export type Loss = string;

/** What it says of an event that nobody has answered in time. */
export const LATE: Loss = "no answer in time";

/** How long `beforeSend` of a client may think about an event. */
const PATIENCE_MS = 5_000;

/** What Sentry says, and what to do about it. */
const ADVICE: Record<number, string> = {
  401: "the DSN is not known; correct it",
  403: "the DSN is not allowed to send; correct it",
  404: "there is no Sentry; correct the DSN",
  413: "an event was too large",
  429: "Sentry takes no more for now",
};

/** An event on its way. */
interface Sending {
  /** Whether it has got as far as being sent. */
  begun: boolean;
  /** Is told how it ended. */
  readonly end: (loss: Loss | undefined) => void;
}

/** What becomes of the events of one client. */
export class Outcomes {
  readonly #client: SentryClient;
  readonly #sending: Map<string, Sending> = new Map();

  /**
   * Begins to watch a client; {@linkcode outcomesOf} does it once for each.
   *
   * @param client The client.
   */
  constructor(client: SentryClient) {
    this.#client = client;
    client.on("beforeSendEvent", ({ event_id: id }) => {
      const sending = this.#sending.get(id ?? "");
      if (sending) sending.begun = true;
    });
    client.on("afterSendEvent", ({ event_id: id }, answer) => {
      this.#sending.get(id ?? "")?.end(this.#lossOf(answer));
    });
  }

  /**
   * Sends an event, and waits until it has arrived or is lost.
   *
   * @param id The id that the event is to have.
   * @param capture Hands the event with the given id over to the client.
   * @param limitMs How long it may take, in milliseconds.
   * @returns Why it was lost; undefined where it has arrived, or where the
   * client was told to leave it out.
   */
  async send(
    id: string,
    capture: (eventId: string) => PromiseLike<void>,
    limitMs: number,
  ): Promise<Loss | undefined> {
    const startMs = performance.now();
    let loss: Loss | undefined = LATE;
    let resolve = () => {};
    const ended = new Promise<void>((done) => resolve = done);
    const end = (outcome: Loss | undefined) => {
      loss = outcome;
      resolve();
    };
    const sending: Sending = { begun: false, end };
    this.#sending.set(id, sending);
    try {
      await capture(id);
      if (!sending.begun) {
        // A filter still thinks about it, or has left it out.
        const decided = this.#client.flush(PATIENCE_MS);
        await endsWithin(decided, Math.min(PATIENCE_MS, limitMs));
        if (!sending.begun) return undefined;
      }
      const spentMs = performance.now() - startMs;
      await endsWithin(ended, Math.max(0, limitMs - spentMs));
      return loss;
    } finally {
      this.#sending.delete(id);
    }
  }

  #lossOf(answer: unknown): Loss | undefined {
    if (answer instanceof HttpError) return answer.reason;
    const { statusCode: status } = (answer ?? {}) as { statusCode?: unknown };
    if (typeof status === "number") {
      if (status >= 200 && status < 300) return undefined;
      const advice = ADVICE[status];
      return advice ? `${advice} (status ${status})` : `status ${status}`;
    }
    if (answer instanceof Error) return "network error";
    // It was not even sent.
    const client = this.#client;
    const isOff = client.getOptions().enabled === false ||
      client.getTransport() === undefined;
    return isOff ? undefined : ADVICE[429];
  }
}

const watched = new WeakMap<SentryClient, Outcomes>();

/**
 * Gives what becomes of the events of a client, which is watched once whoever
 * uses it.
 *
 * @param client The client.
 * @returns Its outcomes.
 */
export function outcomesOf(client: SentryClient): Outcomes {
  let outcomes = watched.get(client);
  if (outcomes === undefined) {
    outcomes = new Outcomes(client);
    watched.set(client, outcomes);
  }
  return outcomes;
}
