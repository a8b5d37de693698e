/**
 * ServerDefault in a Worker, shared by its requests: what one of them leaves
 * behind, a later one tells.
 *
 * @module
 */

import { action, ServerDefault } from "@dotflow/dotflow";
import assert from "node:assert/strict";
import { flowOn, sleep } from "./flow.ts";
import { test } from "./harness.ts";
import { openInbox } from "./inbox.ts";
import { StorageText } from "./storages.ts";
import { call, noWorker, serve } from "./workerd/requests.ts";

/** The providers of this worker, by the address of the inbox. */
const servers = new Map<string, ServerDefault>();

serve("server-run", async (request, context) => {
  const params = new URL(request.url).searchParams;
  const [url, id] = [params.get("url")!, params.get("id")!];
  const isLeft = params.has("left");
  if (!servers.has(url)) {
    const options = { baseUrl: url, token: "token", timeout: 300 };
    servers.set(url, new ServerDefault(options));
  }
  const workflow = flowOn(new StorageText(), id, {
    server: servers.get(url)!,
    log: [],
  });
  workflow.task.add(action("a", () => isLeft ? sleep(10_000) : undefined));
  const run = await workflow.start(
    isLeft
      ? { mode: "background" }
      : { waitUntil: (work) => context.waitUntil(work) },
  );
  // The request ends while something is on its way.
  if (isLeft) await sleep(100);
  return Response.json(run.status);
});

test(
  "server default: what a Worker's request leaves behind does not keep the next one",
  {
    skip: noWorker,
  },
  async () => {
    const inbox = await openInbox("remote");
    const { url } = inbox;
    await inbox.fail([{ kind: "hang", times: 1 }]);
    await call("server-run", { url, id: "left", left: "yes" });
    await inbox.receives(1);
    await call("server-run", { url, id: "next" });
    const endMs = performance.now() + 10_000;
    for (;;) {
      const received = await inbox.received();
      const told = received.filter(({ status }) => status > 0 && status < 300)
        .map(({ path, value }) => `${path.split("/")[3]} ${value.body.status}`);
      const isTold = told.includes("next Completed") &&
        told.includes("left In progress");
      if (isTold) break;
      assert.ok(performance.now() < endMs, told.join("\n"));
      await sleep(20);
    }
  },
);
