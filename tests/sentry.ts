/**
 * Sentry for tests: an inbox of the lab, and what has arrived in it.
 *
 * @module
 */

import type { RunInfo, Task } from "@dotflow/dotflow";
import assert from "node:assert/strict";
import { type LabInbox, openInbox, type SentryEnvelope } from "./inbox.ts";
import type { Line } from "./recorder.ts";

// deno-lint-ignore no-explicit-any
type Payload = any;

/** A project of Sentry. */
export class LabSentry {
  /** What providers are given. */
  readonly dsn: string;

  /**
   * Takes hold of a project; tests call {@linkcode openSentry}.
   *
   * @param inbox Where its envelopes arrive.
   * @param key Its key.
   */
  constructor(readonly inbox: LabInbox, readonly key: string) {
    this.dsn = `${inbox.url.replace("://", `://${key}@`)}/42`;
  }

  /** The envelopes that were taken, in the order of arrival. */
  async envelopes(): Promise<SentryEnvelope[]> {
    const received = await this.inbox.received();
    const refused = received.flatMap(({ refusal }) => refusal ?? []);
    assert.deepEqual(refused, [], "Sentry has refused something");
    return received.flatMap(({ value }) => value ?? []);
  }

  /** The events that were taken. */
  events(): Promise<Payload[]> {
    return this.#payloads("event");
  }

  /** The transactions that were taken. */
  transactions(): Promise<Payload[]> {
    return this.#payloads("transaction");
  }

  async #payloads(wanted: string): Promise<Payload[]> {
    const envelopes = await this.envelopes();
    return envelopes.filter(({ type }) => type === wanted)
      .map(({ payload }) => payload);
  }
}

/**
 * Opens a project in which nothing has arrived.
 *
 * @returns The project; dropped after the present test.
 */
export async function openSentry(): Promise<LabSentry> {
  const key = crypto.randomUUID().replaceAll("-", "");
  return new LabSentry(await openInbox("sentry", { key }), key);
}

/** The reasons why providers could not deliver, by their names. */
export function reportsIn(lines: readonly Line[]): [string, unknown][] {
  return lines.filter(({ message }) => message.startsWith("Cannot deliver"))
    .map(({ message, fields }) => [message.split(" ").at(-1)!, fields.reason]);
}

/**
 * Asserts that a text stands nowhere in something: not in what errors hide
 * either.
 *
 * @param value What is looked through.
 * @param secret The text.
 */
export function assertHides(value: unknown, secret: string): void {
  const seen = new Set<unknown>();
  const look = (value: unknown, path: string) => {
    if (typeof value === "string") {
      assert.ok(!value.includes(secret), `${path}: ${value}`);
    }
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    seen.add(value);
    for (const name of Reflect.ownKeys(value)) {
      look(Reflect.get(value, name), `${path}.${String(name)}`);
    }
  };
  look(value, "");
}

/** When something began and ended, as Sentry is told. */
export function secondsOf(
  { startedMs, duration }: Pick<RunInfo | Task, "startedMs" | "duration">,
): { start_timestamp: number; timestamp: number } {
  return {
    start_timestamp: startedMs / 1_000,
    timestamp: (startedMs + duration) / 1_000,
  };
}
