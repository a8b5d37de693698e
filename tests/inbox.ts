/**
 * The client of the inboxes of the lab, in every runtime of the tests.
 *
 * ```ts ignore
 * const inbox = await openInbox("webhook");
 * await inbox.fail([{ kind: "answer", status: 500 }]);
 * const notify = new NotifyWebhook({ url: `${inbox.url}/hook` });
 * ...
 * assert.equal((await inbox.received()).length, 2);
 * ```
 *
 * @module
 */

import { cleanup } from "./harness.ts";
import { ask, labAddress } from "./lab.ts";
import type { InboxFault, InboxKind, Received } from "./servers/inboxes/api.ts";

export type * from "./servers/inboxes/api.ts";

/** A service that takes messages. */
export class LabInbox {
  /** Its address, without a slash at its end. */
  readonly url: string;
  readonly #control: string;

  /**
   * Takes hold of an inbox; tests call {@linkcode openInbox}.
   *
   * @param lab The address of the lab.
   * @param info What the lab says of the inbox.
   */
  constructor(lab: string, info: { id: string; url: string }) {
    this.url = info.url;
    this.#control = `${lab}/_lab/inboxes/${info.id}`;
  }

  /** What it has received so far, in the order of arrival. */
  received(): Promise<Received[]> {
    return ask("GET", `${this.#control}/received`);
  }

  /**
   * Waits until it has received so many requests.
   *
   * @param count How many.
   * @param timeoutMs How long to wait at most, in milliseconds.
   * @returns All that it has received.
   * @throws {Error} When they do not come.
   */
  async receives(count: number, timeoutMs = 10_000): Promise<Received[]> {
    const endMs = performance.now() + timeoutMs;
    for (;;) {
      const received = await this.received();
      if (received.length >= count) return received;
      if (performance.now() > endMs) {
        throw new Error(`It received ${received.length}, not ${count}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Forgets what it has received. */
  async forget(): Promise<void> {
    await ask("DELETE", `${this.#control}/received`);
  }

  /** Has the next requests fail, one fault after the other; `[]` ends it. */
  async fail(faults: readonly InboxFault[]): Promise<void> {
    await ask("PUT", `${this.#control}/faults`, faults);
  }

  /** Drops the inbox; done after each test by itself. */
  async drop(): Promise<void> {
    await ask("DELETE", this.#control);
  }
}

/**
 * Opens an empty inbox.
 *
 * @param kind The service that it stands for.
 * @param options How the service behaves.
 * @returns The inbox; dropped after the present test.
 */
export async function openInbox(
  kind: InboxKind,
  options: Record<string, unknown> = {},
): Promise<LabInbox> {
  const inbox = await openLastingInbox(kind, options);
  cleanup(() => inbox.drop());
  return inbox;
}

/**
 * Opens an empty inbox that outlives the present test.
 *
 * @param kind The service that it stands for.
 * @param options How the service behaves.
 * @returns The inbox; it is up to the caller to drop it.
 */
export async function openLastingInbox(
  kind: InboxKind,
  options: Record<string, unknown> = {},
): Promise<LabInbox> {
  const lab = await labAddress();
  const body = { kind, options };
  const info = await ask<{ id: string; url: string }>(
    "POST",
    `${lab}/_lab/inboxes`,
    body,
  );
  return new LabInbox(lab, info);
}
