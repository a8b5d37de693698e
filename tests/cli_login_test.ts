import assert from "node:assert/strict";
import { cliHere, openListeners } from "./cli.ts";
import { cleanup, tempDir, test } from "./harness.ts";
import { serveJson } from "./json_server.ts";

const NEEDS = { needs: ["processes"] } as const;

/** A home of its own for what runs in this process. */
async function enterHome(): Promise<string> {
  const { HOME } = process.env;
  cleanup(() => void (process.env.HOME = HOME));
  return process.env.HOME = await tempDir();
}

/** A server that gives a code, and then answers in turn. */
async function loginServer(
  answers: readonly [status: number, body: object][],
  page: (url: string) => string,
  times: { interval?: number; expires_in?: number } = {},
): Promise<string> {
  let asked = 0;
  const url: string = await serveJson((path) => {
    if (path !== "/cli/device") return Promise.resolve([...answers[asked++]]);
    return Promise.resolve([200, {
      device_code: "the-device",
      user_code: "ABCD",
      verification_uri: page(url),
      interval: 0.001,
      expires_in: 30,
      ...times,
    }]);
  });
  return url;
}

test(
  "dotflow login leaves nothing behind however often it asks",
  NEEDS,
  async () => {
    const home = await enterHome();
    const url = await loginServer([
      ...Array(10).fill([400, { detail: "authorization_pending" }]),
      [200, { api_token: "the-token" }],
    ], (url) => `${url}/here`);
    const listeners = openListeners();
    const { code, err } = await cliHere(["login", "--url", url]);
    assert.equal(code, 0, err);
    await listeners.added(10);
    assert.ok(listeners.most <= 2, `${listeners.most} listeners at once`);
    const { readFile } = await import("node:fs/promises");
    const config = await readFile(`${home}/.dotflow/config.json`, "utf8");
    assert.equal(JSON.parse(config).cloud.token, "the-token");
  },
);

/** Shortens the waits between questions, and notes how long they were. */
function shortWaits(): number[] {
  const waits: number[] = [];
  const original = globalThis.setTimeout;
  cleanup(() => void (globalThis.setTimeout = original));
  globalThis.setTimeout = ((work: () => void, ms = 0, ...rest: unknown[]) => {
    const isWait = /^[27]000$/.test(`${ms}`);
    if (isWait) waits.push(ms);
    return original(work, isWait ? 1 : ms, ...rest as []);
  }) as typeof setTimeout;
  return waits;
}

test(
  "dotflow login asks as often as the server says, and 5 s later once slowed",
  NEEDS,
  async () => {
    await enterHome();
    const pending: [number, object] = [400, {
      detail: "authorization_pending",
    }];
    const url = await loginServer(
      [
        pending,
        pending,
        [400, { detail: "slow_down" }],
        pending,
        [200, { api_token: "the-token" }],
      ],
      (url) => `${url}/here`,
      { interval: 2 },
    );
    const waits = shortWaits();
    const { code, err } = await cliHere(["login", "--url", url]);
    assert.equal(code, 0, err);
    assert.deepEqual(waits, [2_000, 2_000, 2_000, 7_000, 7_000]);
  },
);

test(
  "dotflow login gives up when the code of the server has expired",
  NEEDS,
  async () => {
    await enterHome();
    const url = await loginServer(
      [
        ...Array(100).fill([400, { detail: "authorization_pending" }]),
        [200, { api_token: "too-late" }],
      ],
      (url) => `${url}/here`,
      { interval: 0.05, expires_in: 0.2 },
    );
    const { code, err } = await cliHere(["login", "--url", url]);
    assert.equal(code, 1, err);
    assert.match(err, /\nCannot log in: nobody has approved .* in time\n$/);
  },
);

test(
  "dotflow login sends nobody to a page of another server",
  NEEDS,
  async () => {
    await enterHome();
    const given: [number, object] = [200, { api_token: "the-token" }];
    const pages: [page: (url: string) => string, path: string][] = [
      [(url) => `${url}/here?code=ABCD`, "/here?code=ABCD"],
      [() => "https://server.example/device", "/device"],
      [(url) => `${url}@server.example/device`, "/device"],
      [() => "javascript:alert(1)", "/device"],
      [() => "nowhere", "/device"],
    ];
    for (const [page, path] of pages) {
      const url = await loginServer([given], page);
      const { code, err } = await cliHere(["login", "--url", url]);
      assert.equal(code, 0, err);
      const [line] = err.split("\n");
      assert.equal(line, `Open ${url}${path} and enter the code`);
    }
  },
);

test(
  "dotflow login keeps no token that no header can hold",
  NEEDS,
  async () => {
    const home = await enterHome();
    const { access } = await import("node:fs/promises");
    for (const token of ["", "a b", "a\nb", "tökén", 1, ["a"], null]) {
      const given: [number, object] = [200, { api_token: token }];
      const url = await loginServer([given], (url) => `${url}/device`);
      const { code, err } = await cliHere(["login", "--url", url]);
      assert.equal(code, 1, err);
      assert.match(err, /\nCannot log in: "the server gave no token.*"\n$/);
      await assert.rejects(access(`${home}/.dotflow/config.json`));
    }
  },
);

test(
  "dotflow logout leaves no token behind, however little else there is",
  NEEDS,
  async () => {
    const home = await enterHome();
    const path = `${home}/.dotflow/config.json`;
    const { mkdir, readFile, writeFile } = await import("node:fs/promises");
    const none = { code: 0, out: "", err: "Nobody is logged in\n" };
    assert.deepEqual(await cliHere(["logout"]), none);
    await mkdir(`${home}/.dotflow`);
    const sections = [
      { token: "the-token" },
      { base_url: "", token: "the-token" },
      "the-token",
    ];
    for (const cloud of sections) {
      await writeFile(path, JSON.stringify({ other: 1, cloud }));
      const { code, err } = await cliHere(["logout"]);
      assert.deepEqual([code, err], [0, "Logged out\n"]);
      assert.deepEqual(JSON.parse(await readFile(path, "utf8")), { other: 1 });
      assert.deepEqual(await cliHere(["logout"]), none);
    }
    await writeFile(path, '{"cloud":{"token":"the-token"');
    const { code, err } = await cliHere(["logout"]);
    assert.equal(code, 2);
    assert.match(err, /^Cannot change .*config\.json: it holds no JSON object/);
    assert.doesNotMatch(err, /the-token/);
  },
);
