/**
 * Takes the pictures of the dashboard that the README shows.
 *
 * ```sh
 * deno task screenshots
 * ```
 *
 * @module
 */

import { join } from "node:path";
import { createServer } from "../server/mod.ts";
import { StorageDefault } from "../mod.ts";
import { tellStory } from "../tests/dashboard_runs.ts";
import { ROOT } from "./process.ts";
import { loadPlaywright } from "./tools.ts";

const CHROMIUM = "/usr/bin/chromium";
const TOKEN = "token-of-the-pictures";
const VIEWPORT = { width: 1280, height: 800 };
const PLACE = "#/runs/nightly-etl/run-7f3k2/tasks/extract-orders";

/** Takes a picture in each theme. */
async function takeScreenshots(): Promise<void> {
  const server = createServer({ storage: new StorageDefault(), token: TOKEN });
  await tellStory(server, TOKEN, Date.now());
  const place = { hostname: "127.0.0.1", port: 0, onListen() {} };
  const listening = Deno.serve(place, (request) => server.fetch(request));
  const base = `http://127.0.0.1:${listening.addr.port}/`;
  const { chromium } = await loadPlaywright();
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox"],
  });
  for (const colorScheme of ["light", "dark"] as const) {
    const page = await browser.newPage({
      viewport: VIEWPORT,
      colorScheme,
      reducedMotion: "reduce",
    });
    await page.goto(`${base}#token=${TOKEN}`);
    await page.locator(".run-row a").first().waitFor();
    await page.goto(base + PLACE);
    await page.locator(".task details pre").first().waitFor();
    await page.locator(".history-bars a").first().waitFor();
    const path = join(ROOT, `docs/dashboard-${colorScheme}.png`);
    await page.screenshot({ path });
    await page.close();
  }
  await browser.close();
  await listening.shutdown();
}

if (import.meta.main) {
  await takeScreenshots();
  Deno.exit();
}
