// deno-lint-ignore-file no-import-prefix
/**
 * The dashboard of a real server in a real browser, for its tests.
 *
 * @module
 */

import assert from "node:assert/strict";
import type {
  Browser,
  BrowserContextOptions,
  Page,
} from "npm:playwright-core@1.65.1";
import { createServer } from "@dotflow/dotflow/server";
import { StorageDefault } from "@dotflow/dotflow";
import { cleanup, runtime } from "./harness.ts";
import { Teller } from "./dashboard_runs.ts";

/** The token of the server. */
export const TOKEN = "token-of-the-tests";

const CHROMIUM = "/usr/bin/chromium";

/** Tells of what the policy of the page refuses, as an error of the page. */
const WATCH = `addEventListener("securitypolicyviolation", (event) =>
  console.error("refused: " + event.violatedDirective + " " + event.blockedURI))`;

/** Why there is no browser here; false where there is one. */
export const noBrowser: string | false = await findReason();

/** An open dashboard. */
export interface Opened {
  /** The page. */
  readonly page: Page;
  /** Its address, which ends with a slash. */
  readonly base: string;
  /** What the browser complained of. */
  readonly problems: readonly string[];
  /** The server. */
  readonly server: { fetch(request: Request): Response | Promise<Response> };
  /** Breaks every connection to the server. */
  cut(): void;
  /** Makes a run that the server hears of. */
  teller(workflow: string, run: string, start?: number, mode?: string): Teller;
}

/** How it is opened. */
export interface OpenOptions extends BrowserContextOptions {
  /** Where to, relative to the base. @default {`#token=${TOKEN}`} */
  path?: string;
  /** What is done to the page before it is opened. */
  prepare?: (page: Page) => Promise<unknown>;
  /** What the server is told before the page is opened. */
  before?: (server: Opened["server"]) => Promise<unknown>;
}

/**
 * Starts a server and opens its dashboard; both are gone after the test.
 *
 * @param options How it is opened.
 * @returns The open dashboard.
 */
export async function openDashboard(
  options: OpenOptions = {},
): Promise<Opened> {
  const { path = `#token=${TOKEN}`, prepare, before, ...context } = options;
  const server = createServer({ storage: new StorageDefault(), token: TOKEN });
  await before?.(server);
  const { port, cut } = await listen(server);
  const browser = await launch();
  const page = await (await browser.newContext(context)).newPage();
  // Shorter than that of a test, so that it tells what was waited for.
  page.setDefaultTimeout(12_000);
  const problems: string[] = [];
  page.on("pageerror", ({ message }) => problems.push(message));
  page.on("console", (message) => {
    const loud = ["error", "warning"].includes(message.type());
    if (loud) problems.push(message.text());
  });
  await page.addInitScript(WATCH);
  await prepare?.(page);
  const base = `http://127.0.0.1:${port}/`;
  await page.goto(base + path);
  return {
    page,
    base,
    problems,
    server,
    cut,
    teller: (workflow, run, start = Date.now(), mode) =>
      new Teller(server, TOKEN, [workflow, run], start, mode),
  };
}

/**
 * Looks for what tells of an accessible page, in the words of axe.
 *
 * @param page The page; its context must let a script in.
 * @returns What is serious: rule, and where, a line each.
 */
export async function findBarriers(page: Page): Promise<string[]> {
  const { default: axe } = await import("npm:axe-core@4.14.1");
  if (!await page.evaluate<boolean>(`"axe" in globalThis`)) {
    await page.evaluate(axe.source);
  }
  const { violations } = await page.evaluate<
    { violations: { id: string; impact: string; nodes: { html: string }[] }[] }
  >(`axe.run(document, { resultTypes: ["violations"] })`);
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join()}`);
}

/**
 * Waits until a part of the page says something.
 *
 * @param page The page.
 * @param selector The part.
 * @param text What it has to say.
 */
export async function says(
  page: Page,
  selector: string,
  text: string | RegExp,
): Promise<void> {
  await page.locator(selector).filter({ hasText: text }).first().waitFor();
}

/**
 * Tells what has the focus.
 *
 * @param page The page.
 * @returns Its element and its text, such as `"H1 Runs"`.
 */
export async function focusOf(page: Page): Promise<string> {
  return await page.evaluate<string>(
    `(({ tagName, textContent, name }) => tagName + " " + (name || textContent))(
      document.activeElement)`,
  );
}

/**
 * Waits until something has the focus.
 *
 * @param page The page.
 * @param wanted What, as {@linkcode focusOf} tells it.
 */
export async function waitForFocus(page: Page, wanted: string): Promise<void> {
  for (let n = 0; n < 100 && await focusOf(page) !== wanted; n++) {
    await page.waitForTimeout(20);
  }
  assert.equal(await focusOf(page), wanted);
}

async function launch(): Promise<Browser> {
  const { chromium } = await import("npm:playwright-core@1.65.1");
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    // It runs as root in containers, where its own sandbox cannot.
    args: ["--no-sandbox"],
  });
  cleanup(() => browser.close());
  return browser;
}

async function listen(
  server: Opened["server"],
): Promise<{ port: number; cut: () => void }> {
  const { serve } = await import("@hono/node-server");
  return await new Promise((resolve) => {
    const options = { fetch: server.fetch, hostname: "127.0.0.1", port: 0 };
    const listening = serve(options, ({ port }) => resolve({ port, cut }));
    const cut = () => {
      if ("closeAllConnections" in listening) listening.closeAllConnections();
    };
    cleanup(() => {
      cut();
      listening.close();
    });
  });
}

async function findReason(): Promise<string | false> {
  // One runtime is enough to drive a browser, which is the same for all.
  if (runtime !== "node") return "a browser is driven from Node only";
  const { access } = await import("node:fs/promises");
  return await access(CHROMIUM).then(
    () => false as const,
    () => `there is no ${CHROMIUM}`,
  );
}
