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
