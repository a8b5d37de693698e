/**
 * A Cloudflare Worker that runs a workflow for each request. The default storage
 * keeps everything in memory: a request has its own workflow, and nothing
 * outlives it.
 *
 * ```sh
 * npx wrangler dev worker.ts # where @dotflow/dotflow is installed
 * ```
 *
 * @module
 */

import { action, DotFlow, type StepContext } from "@dotflow/dotflow";

const readWords = action(
  "read-words",
  ({ input }: StepContext<unknown, unknown, string>) =>
    input.toLowerCase().match(/\p{L}+/gu) ?? [],
);

const countWords = action(
  "count-words",
  ({ previousContext }: StepContext<string[]>) => {
    const counts: Record<string, number> = {};
    for (const word of previousContext.storage) {
      counts[word] = (counts[word] ?? 0) + 1;
    }
    return counts;
  },
);

export default {
  async fetch(request: Request): Promise<Response> {
    const workflow = new DotFlow();
    workflow.task.add(readWords).add(countWords);
    const run = await workflow.start({
      input: await request.text(),
      signal: request.signal,
      timeout: "10s",
    });
    const [, counts] = workflow.resultStorage();
    const status = run.status === "Completed" ? 200 : 500;
    return Response.json({ status: run.status, counts }, { status });
  },
};
