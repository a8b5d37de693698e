/**
 * The routes as a Hono app: who may ask, what every answer has, and what becomes
 * of errors.
 *
 * @module
 */

import { type Context, Hono } from "hono";
import { ASSETS } from "./assets.ts";
import type { Guard } from "./auth.ts";
import { fromPathPart } from "../src/wire.ts";
import type { Metrics } from "./metrics.ts";
import { Problem, refuse } from "./problem.ts";
import { StorageFailure } from "./records.ts";
import type { Route } from "./routes.ts";

/** What every answer has. */
const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; " +
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; " +
    "form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
};

/** What the app needs. */
export interface AppOptions {
  /** What it answers. */
  readonly routes: readonly Route[];
  /** Lets in who may ask. */
  readonly guard: Guard;
  /** Counts. */
  readonly metrics: Metrics;
  /** Told of what fails. */
  readonly onError: (error: unknown) => void;
}

/**
 * Makes the app.
 *
 * @param options What it needs.
 * @returns The app.
 */
export function makeApp(options: AppOptions): Hono {
  const { routes, guard, metrics, onError } = options;
  const app = new Hono();
  const handle =
    (act: (c: Context) => Response | Promise<Response>) =>
    async (c: Context): Promise<Response> => {
      const response = await answer(() => {
        guard.checkHost(c.req.raw);
        return act(c);
      }, options);
      metrics.answered(c.req.method, response.status);
      for (const name in HEADERS) response.headers.set(name, HEADERS[name]);
      return response;
    };
  for (const route of routes) {
    app.on(
      route.method,
      route.path,
      handle(async (c) => {
        if (!route.open) await guard.check(c.req.raw.headers);
        const url = new URL(c.req.url);
        return await route.answer({
          request: c.req.raw,
          query: url.searchParams,
          param: (name) => partOf(url.pathname, route.path, name),
        });
      }),
    );
  }
  for (const [path, { type, body }] of Object.entries(ASSETS)) {
    const headers = { "content-type": type };
    app.get(path, handle(() => new Response(body, { headers })));
  }
  for (const [path, methods] of methodsByPath(routes)) {
    app.all(path, handle(() => refuseMethod(methods)));
  }
  app.notFound(handle(() => {
    throw new Problem(404, "Cannot find that: there is no such path");
  }));
  app.onError((error, c) =>
    handle(() => {
      onError(error);
      return refuse(unknown());
    })(c)
  );
  return app;
}

/** Counted from the end: an app may be served below another path. */
function partOf(pathname: string, path: string, name: string): string {
  const [parts, names] = [pathname.split("/"), path.split("/")];
  return fromPathPart(parts.at(names.indexOf(`:${name}`) - names.length) ?? "");
}

/** Turns what was thrown into an answer that tells no more than it should. */
async function answer(
  act: () => Response | Promise<Response>,
  { metrics, onError }: AppOptions,
): Promise<Response> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof Problem) return refuse(error);
    if (error instanceof StorageFailure) {
      metrics.storageFailed();
      onError(error.cause);
      return refuse(
        new Problem(503, "Cannot reach the storage: try again later"),
      );
    }
    onError(error);
    return refuse(unknown());
  }
}

function unknown(): Problem {
  return new Problem(500, "Cannot answer: the server has logged the reason");
}

function refuseMethod(methods: readonly string[]): Response {
  const allow = methods.join(", ");
  throw new Problem(405, `Cannot do that here: allowed are ${allow}`, {
    allow,
  });
}

function methodsByPath(routes: readonly Route[]): Map<string, string[]> {
  const paths = new Map<string, string[]>();
  for (const path of Object.keys(ASSETS)) paths.set(path, ["GET", "HEAD"]);
  for (const { method, path } of routes) {
    const methods = paths.get(path) ?? [];
    methods.push(method, ...method === "GET" ? ["HEAD"] : []);
    paths.set(path, methods);
  }
  return paths;
}
