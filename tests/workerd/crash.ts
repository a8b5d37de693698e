/**
 * Runs one of the workflows of `crash_flow.ts` in workerd, on S3. What it does
 * is told to an address, line by line, after a `?`; it goes on when that has
 * answered.
 *
 * `/?life=JSON&say=URL` answers when the workflow has ended.
 *
 * @module
 */

import { StorageS3 } from "@dotflow/dotflow/providers/storage-s3";
import { COURSES, crashFlow, runCrashFlow } from "../workers/crash_flow.ts";
import type { Life } from "../workers/crash_worker.ts";

export default {
  /**
   * Runs the workflow.
   *
   * @param request What to run.
   * @returns `{ ok: true }` or `{ ok: false, error }`.
   */
  async fetch(request: Request): Promise<Response> {
    const { searchParams } = new URL(request.url);
    const life: Life = JSON.parse(searchParams.get("life")!);
    const course = COURSES[life.course];
    const say = async (...words: unknown[]) => {
      const line = encodeURIComponent(words.join(" "));
      await (await fetch(searchParams.get("say") + line)).text();
    };
    const storage = new StorageS3(life.spec.options);
    const workflow = crashFlow(course, storage, life, say);
    try {
      await say("ready");
      await runCrashFlow(course, workflow, 0, say);
      return Response.json({ ok: true });
    } catch (error) {
      const { stack = String(error) } = error as Error;
      return Response.json({ ok: false, error: stack });
    }
  },
};
