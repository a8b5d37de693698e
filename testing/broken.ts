/**
 * The contract test that all watching providers share: a broken other end hurts
 * nobody, and shows nobody a secret.
 *
 * @module
 */

import { action } from "../src/action.ts";
import type { Context } from "../src/context.ts";
import type { Run } from "../src/run/run.ts";
import { check, checkEqual } from "./check.ts";
import {
  type Family,
  flaky,
  ok,
  type Stage,
  StorageStage,
  watcherTest,
} from "./stage.ts";
import type { WatcherSubject, WatcherTest } from "./watcher.ts";

/** How long the end of a run waits for a provider whose other end is broken. */
const DRAIN_MS = 1_000;

/** How deep an object is searched. */
const DEEPEST = 8;

/**
 * Makes the test.
 *
 * @param family The family of the provider.
 * @returns The test.
 */
export function brokenTest<Provider, Seen>(
  family: Family,
): WatcherTest<WatcherSubject<Provider, Seen>> {
  return watcherTest(
    family,
    "a broken other end changes nothing, and shows no secret",
    async (stage: Stage<Provider, Seen>, { silent = false }) => {
      const { bench } = stage;
      if (bench.break === undefined) return;
      const whole = await perform(stage);
      await bench.break();
      const broken = await perform(stage);
      checkEqual(broken.outcome, whole.outcome, "the outcome");
      const room = 5_000;
      check(broken.tookMs < DRAIN_MS + room, `it took ${broken.tookMs} ms`);
      const complaints = stage.overheard.filter(({ message }) =>
        message.startsWith("Cannot deliver")
      );
      check(
        silent || complaints.length > 0,
        "nobody was told that nothing arrives",
      );
      const texts = [...broken.stored, ...stage.overheard].map((each) =>
        spell(each)
      );
      for (const secret of bench.secrets ?? []) {
        const found = texts.find((text) => text.includes(secret));
        check(found === undefined, `a secret was shown: ${found}`);
      }
    },
  );
}

/** Runs a workflow in which there is something of everything. */
async function perform<Provider, Seen>(stage: Stage<Provider, Seen>) {
  const order: string[] = [];
  const storage = new StorageStage();
  const steps = [
    ok("first"),
    action("talks", ({ log, progress }) => {
      order.push("talks");
      for (let n = 0; n < 50; n++) {
        log.info(`line ${n}`);
        log.error(`grave line ${n}`);
        progress(n / 50);
      }
    }),
    flaky("again", 2, 3),
    flaky("fails", 9, 2),
    action("last", () => order.push("last")),
  ];
  const startMs = performance.now();
  const run = await stage.play(
    steps,
    { keepGoing: true },
    { storage, drainTimeout: DRAIN_MS },
  );
  const tookMs = performance.now() - startMs;
  return { outcome: outcomeOf(run, order), tookMs, stored: storedIn(storage) };
}

function outcomeOf({ status, tasks }: Run, order: readonly string[]): unknown {
  const ends = tasks.map((task) => [
    task.taskId,
    task.status,
    task.retryCount,
    task.currentContext.storage,
    task.errors.map(({ attempt, message }) => [attempt, message]),
  ]);
  return { status, ends, order };
}

function storedIn(storage: StorageStage): Context[] {
  return storage.listKeys("").map((key) => storage.get(key));
}

/** All that can be read in a value, wherever it sits. */
function spell(value: unknown, depth = 0): string {
  if (typeof value !== "object" || value === null || depth > DEEPEST) {
    return String(value);
  }
  if (value instanceof Map || value instanceof Set) {
    return [...value].map((part) => spell(part, depth + 1)).join("\n");
  }
  const names = new Set<PropertyKey>(Reflect.ownKeys(value));
  if (value instanceof Error) {
    for (const name of ["name", "message", "stack", "cause"]) names.add(name);
  }
  // A failed attempt keeps what was thrown.
  for (const name of ["thrown", "traceback"]) {
    if (name in value) names.add(name);
  }
  return [...names].map((name) => {
    const part = (value as Record<PropertyKey, unknown>)[name];
    return `${String(name)}=${spell(part, depth + 1)}`;
  }).join("\n");
}
