/**
 * Ticks that a Worker is told of: by its `scheduled` handler, with R2.
 *
 * @module
 */

import { action, Config, DotFlow } from "@dotflow/dotflow";
import { SchedulerTrigger } from "@dotflow/dotflow/providers/scheduler-trigger";
import {
  type R2Binding,
  StorageR2,
} from "@dotflow/dotflow/providers/storage-r2";
import assert from "node:assert/strict";
import { test } from "./harness.ts";
import { r2Bucket } from "./lab.ts";
import { bindings } from "./workerd/bindings.ts";
import { noWorker, serveScheduled } from "./workerd/requests.ts";

const trigger = new SchedulerTrigger();

/** What ran, by the name of the workflow. */
const ran = new Map<string, string[]>();

/** The pattern of a delivery names the workflow. */
serveScheduled(async ({ scheduledTime, cron }, context) => {
  const bucket = r2Bucket<R2Binding>().server!;
  const workflow = new DotFlow({
    workflowId: cron,
    config: new Config({ storage: new StorageR2({ bucket }) }),
  });
  workflow.task.add(action(async ({ runId }) => {
    ran.set(cron, [...ran.get(cron) ?? [], runId]);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }));
  await trigger.fire(workflow, {
    scheduledTime,
    waitUntil: (work) => context.waitUntil(work),
  });
});

/** Delivers a tick to the present worker, as the platform does. */
async function deliver(cron: string, scheduledTime: Date): Promise<string> {
  const self = bindings.SELF as {
    scheduled(tick: object): Promise<{ outcome: string }>;
  };
  return (await self.scheduled({ cron, scheduledTime })).outcome;
}

test("triggers: in a Worker, two deliveries of a tick are one run", {
  skip: noWorker,
}, async () => {
  const cron = `wf-${crypto.randomUUID()}`;
  const first = new Date("2026-11-28T06:31:00Z");
  const second = new Date("2026-11-28T06:32:00Z");
  const outcomes = await Promise.all([
    deliver(cron, first),
    deliver(cron, first),
  ]);
  outcomes.push(await deliver(cron, first), await deliver(cron, second));
  assert.deepEqual(new Set(outcomes), new Set(["ok"]));
  assert.deepEqual(ran.get(cron), [
    "2026-11-28T06:31:00Z",
    "2026-11-28T06:32:00Z",
  ]);
});
