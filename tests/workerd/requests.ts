/**
 * Requests of a test to its own worker: each has a context of its own, which
 * ends with its response, but for what it hands to `waitUntil`.
 *
 * ```ts ignore
 * serve("later", (_request, context) => {
 *   context.waitUntil(work());
 *   return new Response("ok");
 * });
 * test("it works on", { skip: noWorker }, async () => {
 *   await call("later", { n: "1" });
 * });
 * ```
 *
 * @module
 */

import { runtime } from "../harness.ts";
import { bindings } from "./bindings.ts";

/** The context of a request, as far as tests use it. */
export interface RequestContext {
  /** Keeps the request alive until a promise has settled. */
  waitUntil(work: Promise<unknown>): void;
}

/** Answers a request. */
export type Handler = (
  request: Request,
  context: RequestContext,
) => Response | Promise<Response>;

/** Why a test of requests is skipped, as an option of `test`. */
export const noWorker: string | false = runtime !== "workerd" &&
  "only a Worker ends with its response";

const handlers = new Map<string, Handler>();

/**
 * Says what answers requests of a name; done while a test file is loaded.
 *
 * @param name The name.
 * @param handler What answers.
 */
export function serve(name: string, handler: Handler): void {
  handlers.set(name, handler);
}

/**
 * Sends a request to the present worker.
 *
 * @param name What is to answer.
 * @param params What it is told.
 * @returns The JSON that it has answered.
 * @throws {Error} When it has failed.
 */
export async function call<T>(
  name: string,
  params: Record<string, string> = {},
): Promise<T> {
  const { fetch } = bindings.SELF as { fetch: typeof globalThis.fetch };
  const query = new URLSearchParams(params);
  const response = await fetch.call(
    bindings.SELF,
    `http://self/call/${name}?${query}`,
  );
  if (!response.ok) throw new Error(await response.text());
  return await response.json();
}

/**
 * Answers such a request.
 *
 * @param request The request.
 * @param context Its context.
 * @returns The answer.
 */
export async function answerCall(
  request: Request,
  context: RequestContext,
): Promise<Response> {
  const name = new URL(request.url).pathname.split("/").at(-1)!;
  try {
    return await handlers.get(name)!(request, context);
  } catch (error) {
    return new Response(String((error as Error).stack), { status: 500 });
  }
}
