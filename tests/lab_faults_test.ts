/**
 * The faults of the fault lab: each does to the object what it says, and to
 * the answer what it says, and the same requests have the same faults again.
 *
 * @module
 */

import assert from "node:assert/strict";
import { test } from "./harness.ts";
import { type FaultKind, type FaultPlan, type LabS3, openS3 } from "./lab.ts";
import { type RequestOptions, send } from "./lab_client.ts";

/** No runtime sends a request again by itself on a fresh connection. */
const CLOSING = { keepAlive: false };

/** What a fault does: whether it writes, and what comes back. */
const FAULTS: Record<FaultKind, [applied: boolean, answer: number | "none"]> = {
  "500": [false, 500],
  "503": [false, 503],
  "429": [false, 429],
  "409": [false, 409],
  "reset": [false, "none"],
  "hang": [false, "none"],
  "commit-500": [true, 500],
  "commit-reset": [true, "none"],
  "commit-hang": [true, "none"],
  "late": [true, "none"],
  "truncated": [true, "none"],
  "slow": [true, 200],
  "garbage": [true, 200],
};

/** One request of at most 300 ms: its status, or "none". */
async function attempt(
  s3: LabS3,
  method: string,
  path: string,
  options: RequestOptions = {},
): Promise<number | "none"> {
  const signal = AbortSignal.timeout(300);
  const withTimeout = (url: string, init: RequestInit) =>
    fetch(url, { ...init, signal });
  try {
    const fetching = { ...options, fetch: withTimeout };
    return (await send(s3.storage, method, path, fetching)).status;
  } catch {
    return "none";
  }
}

/** Waits until the lab has done what it does later. */
async function settled(s3: LabS3, applied: boolean): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (await s3.objects().then(({ length }) => length > 0) === applied) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

for (const [kind, [applied, answer]] of Object.entries(FAULTS)) {
  test(`lab: a write with the fault "${kind}"`, async () => {
    const s3 = await openS3(CLOSING);
    const fault = kind as FaultKind;
    await s3.faults({ rules: [{ match: { op: "PutObject" }, fault }] });
    const options = { headers: { "if-none-match": "*" }, body: "x" };
    assert.equal(await attempt(s3, "PUT", "/key", options), answer);
    await settled(s3, applied);
    const texts = (await s3.objects()).map(({ text }) => text);
    assert.deepEqual(texts, applied ? ["x"] : []);
    const [record, ...more] = await s3.history();
    assert.equal(record.fault, kind);
    assert.equal(record.applied, applied);
    assert.deepEqual(more, []);
    await s3.faults({});
    const status = await attempt(s3, "PUT", "/key", options);
    assert.equal(status, applied ? 412 : 200);
  });
}

test("lab: a read has the faults that it can have", async () => {
  const s3 = await openS3(CLOSING);
  await s3.put("key", "text".repeat(100));
  const read = async (fault: FaultKind) => {
    await s3.faults({ rules: [{ match: { nth: 1 }, fault }] });
    return await attempt(s3, "GET", "/key");
  };
  assert.equal(await read("truncated"), "none");
  assert.equal(await read("reset"), "none");
  assert.equal(await read("slow"), 200);
  assert.equal(await read("503"), 503);
  assert.equal(await read("409"), 200);
  assert.equal(await read("commit-reset"), 200);
  await s3.faults({ rules: [{ match: {}, fault: "garbage" }] });
  const rubbish = await send(s3.storage, "GET", "/key");
  assert.equal(rubbish.status, 200);
  assert.equal(rubbish.etag, "");
  assert(!rubbish.text.includes("text"));
});

test("lab: a late write has its condition checked late", async () => {
  const s3 = await openS3(CLOSING);
  const fault = { kind: "late", lateMs: 30 } as const;
  await s3.faults({ rules: [{ match: { nth: 1 }, fault }] });
  const write = (body: string) =>
    attempt(s3, "PUT", "/key", { headers: { "if-none-match": "*" }, body });
  assert.equal(await write("late"), "none");
  assert.equal(await write("in time"), 200);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const texts = (await s3.versions()).map(({ text }) => text);
  assert.deepEqual(texts, ["in time"]);
});

test("lab: Retry-After says what the plan says", async () => {
  const s3 = await openS3(CLOSING);
  const fault = { kind: "503", retryAfter: 7 } as const;
  await s3.faults({ rules: [{ match: { method: "GET" }, fault }] });
  const answer = await send(s3.storage, "GET", "/key");
  assert.equal(answer.headers.get("retry-after"), "7");
  assert.equal(answer.code, "SlowDown");
});

test("lab: a rule chooses by operation, key and count", async () => {
  const s3 = await openS3(CLOSING);
  const match = { op: "PutObject", key: "*_run", nth: 2 };
  await s3.faults({ rules: [{ match, fault: "500" }] });
  const statuses: (number | "none")[] = [];
  for (const key of ["a_run", "other", "b_run", "a_run"]) {
    statuses.push(await attempt(s3, "PUT", `/${key}`, { body: "x" }));
  }
  assert.deepEqual(statuses, [200, 200, 500, 200]);
});

test("lab: the same requests have the same faults by seed", async () => {
  const kinds: FaultKind[] = ["500", "503", "429", "409", "commit-500"];
  const runOnce = async (seed: number, reverse: boolean) => {
    const s3 = await openS3(CLOSING);
    const plan: FaultPlan = { seed, rate: 0.4, kinds };
    await s3.faults(plan);
    const keys = Array.from({ length: 20 }, (_, index) => `key-${index}`);
    for (const key of reverse ? keys.reverse() : keys) {
      await attempt(s3, "PUT", `/${key}`, { body: "x" });
      await attempt(s3, "PUT", `/${key}`, { body: "y" });
      await attempt(s3, "GET", `/${key}`);
    }
    const history = await s3.history();
    return history.map(({ key, op, fault }) => `${key} ${op} ${fault}`).sort();
  };
  const first = await runOnce(7, false);
  assert.deepEqual(await runOnce(7, true), first);
  assert.notDeepEqual(await runOnce(8, false), first);
  const faulty = first.filter((line) => !line.endsWith("undefined")).length;
  assert(faulty > 10 && faulty < 40, `${faulty} of 60`);
});

test("lab: requests take the time that the bucket has", async () => {
  const s3 = await openS3({ latencyMs: [20, 30], seed: 3 });
  const begin = performance.now();
  await Promise.all(
    Array.from({ length: 5 }, () => attempt(s3, "GET", "/key")),
  );
  const history = await s3.history();
  for (const { timeMs, endMs } of history) assert(endMs! - timeMs >= 18);
  assert((await s3.figures()).maxInFlight >= 2);
  assert(performance.now() - begin < 10_000);
});
