/**
 * Where workflows are killed, and what the places themselves say of it.
 *
 * @module
 */

import { Context } from "@dotflow/dotflow";
import assert from "node:assert/strict";
import { tempDir } from "./harness.ts";
import { type LabS3, openS3, type Version } from "./lab.ts";
import type { Ledger } from "./ledger.ts";
import type { Setting } from "./workers/crash_flow.ts";
import type { Call } from "./workers/crash_worker.ts";

/** A place for one workflow. */
export interface CrashPlace extends Setting {
  /** Compares what was stored with what was done. */
  judge(ledger: Ledger): Promise<void>;
}

/** A kind of places. */
export interface CrashPlaceKind {
  /**
   * Makes one for the present test.
   *
   * @param seed What is random there is drawn from this.
   * @param late Whether what a process sends may arrive after its death.
   */
  open(seed: number, late: boolean): Promise<CrashPlace>;
  /** How many workflows are killed at the same time. */
  lanes: number;
  /** Whether a dead owner is known at once; otherwise its lease has to end. */
  knowsTheDead: boolean;
  /** How long a run takes, about, in microseconds. */
  lifeMicroseconds: number;
  /** How long a call takes, about, in milliseconds. */
  callMs: number;
  /** The calls that may be killed, each with how many a process makes. */
  calls: [call: Call, count: number][];
}

/** The kinds, by name. */
export const PLACES: Record<"file" | "s3", CrashPlaceKind> = {
  file: {
    open: openFile,
    // They measure time.
    lanes: 1,
    knowsTheDead: true,
    lifeMicroseconds: 30_000,
    callMs: 1,
    calls: [["look", 1], ["claim", 1], ["load", 20], ["commit", 20], [
      "end",
      1,
    ]],
  },
  s3: {
    open: openBucket,
    // Most of the time they wait for a lease.
    lanes: 4,
    knowsTheDead: false,
    lifeMicroseconds: 600_000,
    callMs: 8,
    calls: [
      ["probe", 17],
      ["look", 6],
      ["claim", 1],
      ["renew", 2],
      ["load", 20],
      ["commit", 20],
      ["end", 1],
    ],
  },
};

async function openFile(): Promise<CrashPlace> {
  const options = { path: await tempDir(), compactAfterBytes: 4_000 };
  return {
    spec: { kind: "file", options },
    leaseMs: 30_000,
    longMs: 0,
    async judge() {},
  };
}

async function openBucket(seed: number, late: boolean): Promise<CrashPlace> {
  const bucket = await openS3({ latencyMs: [1, 8], seed });
  const leaseMs = 800;
  await bucket.faults({
    seed,
    rate: late ? 0.1 : 0,
    kinds: [0.9, 1, 1.1, 1.2].map((leases) => ({
      kind: "late",
      lateMs: leaseMs * leases,
    })),
    match: { op: "PutObject" },
  });
  return {
    spec: { kind: "s3", options: { ...bucket.storage, maxAttempts: 6 } },
    leaseMs,
    longMs: leaseMs * 0.6,
    judge: (ledger) => judgeBucket(bucket, leaseMs, ledger),
  };
}

/** Compares all that was ever written to a bucket with what was done. */
export async function judgeBucket(
  bucket: LabS3,
  leaseMs: number,
  ledger: Ledger,
): Promise<void> {
  /** When an owner claimed the workflow, by its epoch. */
  const claims = new Map<number, Version>();
  /** Results, by run and task. */
  const results = new Map<string, Version>();
  let latest: { epoch: number; isOwned: boolean; timeMs: number } | undefined;
  for (const version of await bucket.versions()) {
    const { key, text, timeMs } = version;
    if (text === null || key.includes("/_probe/")) continue;
    const { storage, runId, taskId } = Context.fromText(text, key);
    if (taskId === "_run") {
      const { epoch, owner } = storage;
      if (epoch !== latest?.epoch) {
        const waitedMs = timeMs - (latest?.timeMs ?? -Infinity);
        assert.ok(
          !latest?.isOwned || waitedMs >= leaseMs - 1,
          `owner ${epoch} came ${waitedMs} ms after a sign of life`,
        );
        assert.ok(epoch > (latest?.epoch ?? 0), `epoch ${epoch} came late`);
        claims.set(epoch, version);
      }
      latest = { epoch, isOwned: owner !== null, timeMs };
    } else {
      const id = `${runId} ${taskId}`;
      assert.ok(!results.has(id), `${id} was written twice`);
      results.set(id, version);
      const known = ledger.runs.get(runId!)?.committed.get(taskId!);
      assert.equal(storage.token, known, `${id} is not what was committed`);
    }
  }
  for (const [runId, { starts }] of ledger.runs) {
    for (const { task, epoch } of starts) {
      const claim = claims.get(epoch);
      assert.ok(claim, `${task} began under epoch ${epoch}, never claimed`);
      const { n } = results.get(`${runId} ${task}`) ?? { n: Infinity };
      assert.ok(
        n > claim.n,
        `${task} ran again: its result was there before owner ${epoch}`,
      );
    }
  }
}
