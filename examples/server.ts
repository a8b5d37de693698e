/**
 * A server for what runs tell of themselves, and a run that tells it. Here both
 * are in one process, without a socket: in earnest the app is served by
 * `Deno.serve(app.fetch)`, `Bun.serve(app)`, a Worker, or `@hono/node-server`.
 *
 * @module
 */

import {
  action,
  Config,
  DotFlow,
  ServerDefault,
  StorageDefault,
} from "@dotflow/dotflow";
import { createServer } from "@dotflow/dotflow/server";

const token = crypto.randomUUID();
const app = createServer({ token, storage: new StorageDefault() });

const server = new ServerDefault({
  baseUrl: "http://127.0.0.1:8710",
  token,
  fetch: async (url, init) => await app.request(url, init),
});
const workflow = new DotFlow({
  workflowId: "daily-users",
  config: new Config({ server }),
});
workflow.task
  .add(action("extract", () => ["Ada", "Grace"]))
  .add(action("check", { retry: 2, retryDelay: 10 }, ({ attempt }) => {
    if (attempt === 1) throw new Error("not yet");
  }));
const run = await workflow.start();

const headers = { authorization: `Bearer ${token}` };
const path = `/api/workflows/daily-users/runs/${run.runId}`;
const summary = await (await app.request(path, { headers })).json();
console.log(summary.status, JSON.stringify(summary.tasks));
const { items } = await (await app.request(`${path}/tasks`, { headers }))
  .json();
for (const { task_id, status, retry_count } of items) {
  console.log(`${task_id}: ${status}, repeated ${retry_count} times`);
}
await app.close();
