import assert from "node:assert/strict";
import {
  findBarriers,
  noBrowser as skip,
  openDashboard,
  says,
  TOKEN,
  waitForFocus,
} from "./dashboard_page.ts";
import { Teller, tellStory } from "./dashboard_runs.ts";
import { test } from "./harness.ts";

const HOSTILE = '<img src=x onerror="globalThis.hit=1"><script>hit=1</script>';

test("dashboard: a run appears, advances and fails without a reload", {
  skip,
}, async () => {
  const { page, problems, teller } = await openDashboard();
  await says(page, ".empty", "No runs yet");
  await page.evaluate("globalThis.same = true");
  const run = teller("daily-users", "run-1");
  await run.begin(2);
  await says(page, ".run-row", "daily-users");
  await says(page, ".run-row", "In progress");
  await run.task({ id: "extract", status: "In progress", at: [0] });
  await page.getByRole("link", { name: "daily-users" }).click();
  await says(page, "h1", "daily-users");
  await says(page, ".timeline [data-kind=running]", "extract");
  const before = await page.locator(".big").innerText();
  await run.task({ id: "extract", at: [0, 900], result: 1 });
  await says(page, ".timeline [data-kind=completed]", "900 ms");
  await run.task({
    id: "load",
    status: "Retry",
    at: [900],
    failed: [1_200],
    position: 1,
  });
  await says(page, ".timeline [data-kind=retry]", "load");
  await run.task({
    id: "load",
    status: "Failed",
    at: [900, 1_900],
    failed: [1_200, 1_900],
    position: 1,
  });
  await says(page, ".timeline [data-kind=failed]", "2 failed attempts");
  assert.equal(
    await page.locator(".timeline .row[data-kind=failed] .part:visible")
      .count(),
    2,
    "each failed attempt is a part of the bar",
  );
  await run.end("Failed", 2_000);
  await says(page, ".run-title .badge", "Failed");
  await says(page, ".big", "2.0 s");
  assert.notEqual(before, "", "the duration was told while it went on");
  await says(page, "[role=status]", "Run daily-users: Failed");
  await page.goBack();
  await says(page, ".run-row", "1 / 2, 1 failed");
  assert.equal(await page.evaluate("globalThis.same"), true, "no reload");
  assert.deepEqual(problems, []);
});

test("dashboard: what a task returns, throws or is called stays text", {
  skip,
}, async () => {
  const { page, problems, teller, base } = await openDashboard();
  const run = teller(HOSTILE, "run-1");
  await run.begin(1);
  await run.task({
    id: HOSTILE,
    group: HOSTILE,
    status: "Failed",
    at: [0, 10],
    failed: [10],
    message: HOSTILE,
    result: HOSTILE,
  });
  await run.end("Failed", 10);
  await says(page, ".run-row", HOSTILE);
  const place = [HOSTILE, "run-1", "tasks", HOSTILE].map(encodeURIComponent);
  await page.goto(`${base}#/runs/${place.join("/")}`);
  await says(page, ".task h2", HOSTILE);
  await says(page, ".exception", HOSTILE);
  await says(page, "details pre", "<img src=x onerror=");
  await page.getByRole("tab", { name: "Graph" }).click();
  await says(page, ".graph h3", HOSTILE);
  await page.goto(`${base}device?code=${encodeURIComponent(HOSTILE)}`);
  await page.locator("form").waitFor();
  assert.equal(await page.evaluate("globalThis.hit"), undefined);
  assert.equal(await page.locator("img, main script").count(), 0);
  // The code is none that waits.
  const expected = /^Failed to load resource:.* 40[04] /;
  assert.deepEqual(problems.filter((text) => !expected.test(text)), []);
});

test("dashboard: asks for a token, and for another when it is refused", {
  skip,
}, async () => {
  const { page, problems, base, teller } = await openDashboard({ path: "" });
  await teller("daily-users", "run-1").begin(1);
  await page.getByLabel("Token").fill("another token");
  await page.keyboard.press("Enter");
  await says(page, ".problem", "does not know this token");
  await page.getByLabel("Token").fill(TOKEN);
  await page.keyboard.press("Enter");
  await says(page, ".run-row", "daily-users");
  await page.reload();
  await says(page, ".run-row", "daily-users");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Token").waitFor();
  await page.goto(`${base}#token=${TOKEN}`);
  await says(page, ".run-row", "daily-users");
  assert.equal(page.url(), base, "the token has left the address");
  const refused = /^Failed to load resource:.* 401 /;
  assert.deepEqual(problems.filter((text) => !refused.test(text)), []);
});

test("dashboard: catches up when the connection comes back", {
  skip,
}, async () => {
  const { page, teller, cut } = await openDashboard();
  await says(page, ".live", "Live");
  cut();
  const run = teller("daily-users", "run-1");
  await run.begin(1);
  await says(page, ".live", "Reconnecting");
  await says(page, ".live", "Live");
  await says(page, ".run-row", "In progress");
  await run.end("Completed", 10);
  await says(page, ".run-row", "Completed");
});

test("dashboard: a list and a run whose load failed are loaded again", {
  skip,
}, async () => {
  let failures = 2;
  const { page } = await openDashboard({
    before: (server) =>
      new Teller(server, TOKEN, ["daily-users", "r"], Date.now()).begin(2),
    prepare: (page) =>
      page.route(/\/api\/(runs|workflows\/)/, async (route) => {
        if (failures-- <= 0) return await route.continue();
        await route.fulfill({ status: 503, body: '{"detail":"Cannot now"}' });
      }),
  });
  await says(page, ".run-row", "daily-users");
  assert.ok(failures < 0);
  failures = 2;
  await page.getByRole("link", { name: "daily-users" }).click();
  await says(page, ".facts", "sequential");
  assert.ok(failures < 0);
});

test("dashboard: filters are kept in the address, and hold for what is live", {
  skip,
}, async () => {
  const { page, teller, base, problems } = await openDashboard();
  const [one, two] = [teller("invoices", "run-1"), teller("users", "run-2")];
  await one.begin(1);
  await two.begin(1);
  await says(page, ".summary", "2 runs, 2 in progress");
  await page.getByLabel("Status").selectOption("Failed");
  await says(page, ".empty", "No run matches");
  await teller("orders", "run-3").begin(1);
  await one.end("Failed", 10);
  await says(page, ".run-row", "invoices");
  await says(page, ".summary", /^1 run$/);
  await page.getByLabel("Search").fill("USER");
  await says(page, ".empty", "No run matches");
  await two.end("Failed", 10);
  await says(page, ".run-row", "users");
  assert.equal(page.url(), `${base}#/runs?status=Failed&text=USER`);
  await page.reload();
  await says(page, ".summary", "1 run");
  assert.equal(await page.getByLabel("Search").inputValue(), "USER");
  await page.getByRole("link", { name: "users" }).click();
  await page.getByRole("link", { name: "← Runs" }).click();
  await says(page, ".summary", "1 run");
  assert.deepEqual(problems, []);
});

test("dashboard: large values are cut until all of them is asked for", {
  skip,
}, async () => {
  const { page, teller, base } = await openDashboard();
  const run = teller("large", "run-1");
  await run.begin(1);
  await run.task({ id: "load", at: [0, 10], result: "long ".repeat(60_000) });
  await page.goto(`${base}#/runs/large/run-1/tasks/load`);
  const result = page.locator("details").filter({ hasText: "Result" });
  await result.waitFor();
  assert.equal(await result.locator("pre").count(), 0, "it is closed");
  await result.locator("summary").click();
  const letters = async () =>
    (await result.locator(".text").innerText()).length;
  assert.ok(await letters() < 25_000);
  await result.getByRole("button", { name: /Show all/ }).click();
  await result.getByRole("button").waitFor({ state: "detached" });
  const shown = "document.querySelector('.text').textContent.length";
  assert.equal(await page.evaluate(shown), 300_002);
});

test("dashboard: a login is approved by the code that it shows", {
  skip,
}, async () => {
  const { page, base, problems, server } = await openDashboard();
  await says(page, ".live", "Live");
  const post = async (path: string, body: unknown) =>
    await server.fetch(
      new Request(`http://localhost${path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    );
  const device = await (await post("/cli/device", {})).json();
  await page.goto(`${base}device?code=${device.user_code}`);
  await says(page, "p.code", device.user_code);
  await page.getByRole("button", { name: "Approve" }).click();
  await says(page, "[role=status]", "Approved");
  const { device_code } = device;
  const told = await (await post("/cli/token", { device_code })).json();
  assert.equal(typeof told.api_token, "string");
  assert.deepEqual(problems, []);
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`dashboard: axe finds no barrier in any view, ${colorScheme}`, {
    skip,
    timeout: 60_000,
  }, async () => {
    const { page, base } = await openDashboard({
      path: "",
      colorScheme,
      // For axe only, which is a script of ours in the page.
      bypassCSP: true,
      before: (server) => tellStory(server, TOKEN, Date.now()),
    });
    await page.getByLabel("Token").waitFor();
    assert.deepEqual(await findBarriers(page), [], "login");
    await page.getByLabel("Token").fill(TOKEN);
    await page.keyboard.press("Enter");
    const run = "#/runs/nightly-etl/run-7f3k2";
    const views = {
      "list": ["", ".run-row a"],
      "run": [run, ".timeline a"],
      "task": [`${run}/tasks/extract-orders`, ".task details pre"],
      "device": ["device", "form"],
    };
    for (const [name, [path, selector]] of Object.entries(views)) {
      await page.goto(base + path);
      await page.locator(selector).first().waitFor();
      assert.deepEqual(await findBarriers(page), [], name);
    }
    await page.goto(base + run);
    await page.getByRole("tab", { name: "Graph" }).click();
    await page.locator(".node").first().waitFor();
    assert.deepEqual(await findBarriers(page), [], "graph");
  });
}

test("dashboard: the keyboard reaches everything, and is never lost", {
  skip,
}, async () => {
  const { page } = await openDashboard({
    before: (server) => tellStory(server, TOKEN, Date.now()),
  });
  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  await page.locator(".run-row a").first().waitFor();
  await press("Tab");
  await waitForFocus(page, "A Skip to content");
  await press("Enter", "Tab");
  await waitForFocus(page, "INPUT text");
  await press("Tab", "Tab", "Tab");
  await waitForFocus(page, "A nightly-etl");
  await press("End");
  const last = page.locator(".run-row").last().getByRole("link");
  await says(page, ".run-row:focus-within", await last.innerText());
  assert.equal(await page.locator(".run-row:focus-within").count(), 1);
  await press("Home", "ArrowDown", "ArrowUp");
  await waitForFocus(page, "A nightly-etl");
  // The wheel takes the row out of sight, and the focus stays with it.
  await page.locator(".run-row").first().hover();
  await page.mouse.wheel(0, 4_000);
  await page.locator("[aria-rowindex='42']").waitFor();
  await waitForFocus(page, "A nightly-etl");
  await press("ArrowDown", "ArrowUp");
  await waitForFocus(page, "A nightly-etl");
  await press("Enter");
  await waitForFocus(page, "H1 nightly-etl");
  await page.locator(".timeline a").first().waitFor();
  await page.getByRole("tab", { name: "Timeline" }).focus();
  await press("ArrowRight");
  await waitForFocus(page, "BUTTON Graph");
  await press("ArrowLeft", "Tab", "Tab", "Tab");
  await waitForFocus(page, "BUTTON ▾orders");
  await press("Enter");
  await waitForFocus(page, "BUTTON ▸orders");
  await press("Enter", "ArrowDown", "ArrowDown", "Enter");
  await waitForFocus(page, "H2 extract-orders");
  await press("Tab", "Enter");
  await waitForFocus(page, "A extract-orders");
  await page.goBack();
  await waitForFocus(page, "H2 extract-orders");
  await page.getByRole("link", { name: "← Runs" }).focus();
  await press("Enter");
  await waitForFocus(page, "A nightly-etl");
});

test("dashboard: nothing is wider than a page of 320 pixels", {
  skip,
}, async () => {
  const { page, base } = await openDashboard({
    viewport: { width: 320, height: 600 },
    reducedMotion: "reduce",
    before: (server) => tellStory(server, TOKEN, Date.now()),
  });
  const run = "#/runs/nightly-etl/run-7f3k2";
  for (const path of ["", run, `${run}/tasks/extract-orders`, "device"]) {
    await page.goto(base + path);
    await page.locator("main h1").first().waitFor();
    await page.waitForTimeout(100);
    const width = await page.evaluate("document.documentElement.scrollWidth");
    assert.equal(width, 320, path);
  }
  const moving = "document.getAnimations().length";
  assert.equal(await page.evaluate(moving), 0, "nothing moves by itself");
});
