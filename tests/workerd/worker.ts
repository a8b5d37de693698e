/**
 * What the worker that holds the bundled tests does with a request. Each
 * request runs one test, so that each has a request context of its own.
 *
 * `/load?file=F` lists the tests of a file; `/run?file=F&index=N` runs one;
 * `/call/NAME` is a request of a test itself.
 *
 * @module
 */

import { bindings } from "./bindings.ts";
import { answerCall, type RequestContext } from "./requests.ts";
import { type Registered, takeRegistered } from "./shim.ts";

const loaded = new Map<string, Registered[]>();
const unhandled: unknown[] = [];

addEventListener("unhandledrejection", (event) => {
  unhandled.push((event as PromiseRejectionEvent).reason);
});

/** The test files, by name; calling one loads it. */
export type Files = Record<string, () => Promise<unknown>>;

/**
 * Lists or runs tests.
 *
 * @param files The test files of the bundle.
 * @param request What to do.
 * @param env What the worker is bound to.
 * @param context The context of the request.
 * @returns `{ ok: true, value }` or `{ ok: false, error }`.
 */
export async function handle(
  files: Files,
  request: Request,
  env: Record<string, unknown>,
  context: RequestContext,
): Promise<Response> {
  Object.assign(bindings, env);
  const url = new URL(request.url);
  if (url.pathname.startsWith("/call/")) return answerCall(request, context);
  const file = url.searchParams.get("file") ?? "";
  const index = Number(url.searchParams.get("index"));
  try {
    const value = url.pathname === "/load"
      ? await load(file, files[file])
      : await run(file, index);
    return Response.json({ ok: true, value });
  } catch (error) {
    return Response.json({ ok: false, error: describe(error) });
  }
}

async function load(
  file: string,
  register: () => Promise<unknown>,
): Promise<{ name: string; skip: boolean }[]> {
  await register();
  const tests = takeRegistered();
  loaded.set(file, tests);
  return tests.map(({ name, skip }) => ({ name, skip }));
}

async function run(file: string, index: number): Promise<void> {
  unhandled.length = 0;
  await loaded.get(file)![index].fn();
  if (unhandled.length > 0) throw unhandled[0];
}

function describe(error: unknown): string {
  return error instanceof Error ? error.stack ?? String(error) : String(error);
}
