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

/** A tick of a cron trigger. */
export interface Tick {
  /** When it was to come, in milliseconds since the epoch. */
  readonly scheduledTime: number;
  /** The pattern that it comes from. */
  readonly cron: string;
}

/** Does what a tick asks for. */
export type ScheduledHandler = (
  tick: Tick,
  context: RequestContext,
) => Promise<void>;

let scheduled: ScheduledHandler | undefined;

/**
 * Says what ticks of the worker are given to; done while a test file is loaded.
 *
 * @param handler What takes them.
 */
export function serveScheduled(handler: ScheduledHandler): void {
  scheduled = handler;
}

/**
 * Hands on a tick.
 *
 * @param tick The tick.
 * @param context Its context.
 */
export async function handleScheduled(
  tick: Tick,
  context: RequestContext,
): Promise<void> {
  await scheduled?.(tick, context);
}

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
