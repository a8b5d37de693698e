import assert from "node:assert/strict";
import { effort } from "./effort.ts";
import {
  begin,
  cli,
  commandOf,
  environmentOf,
  jsonLines,
  step,
} from "./cli.ts";
import { runtime, tempDir, test } from "./harness.ts";
import { serveJson } from "./json_server.ts";

const NEEDS = { needs: ["processes"] } as const;

test(
  "dotflow server makes a token, serves, and ends at SIGTERM",
  NEEDS,
  async () => {
    const cwd = await tempDir();
    const running = await begin(["server", "--port", "0", "--json"], {
      cwd,
      env: { SERVER_USER_TOKEN: "" },
    });
    await running.until(/\n/);
    const { url, token } = JSON.parse(running.written.out);
    assert.match(token, /^[\w-]{32}$/);
    const ask = async (authorization?: string) => {
      const headers = authorization ? { authorization } : undefined;
      const answer = await fetch(`${url}/api/runs`, { headers });
      await answer.arrayBuffer();
      return answer.status;
    };
    assert.equal(await ask(), 401);
    assert.equal(await ask("Bearer wrong"), 401);
    assert.equal(await ask(`Bearer ${token}`), 200);
    running.signal("SIGTERM");
    assert.equal((await running.ended).code, 0);
  },
);

test(
  "dotflow server takes its token from the environment, and hides it",
  NEEDS,
  async () => {
    const cwd = await tempDir();
    const env = { SERVER_USER_TOKEN: "token-of-the-environment" };
    const running = await begin(["server", "--port", "0"], { cwd, env });
    const [, url] = await running.until(/^(http:\/\/127\.0\.0\.1:\d+)\/\n/);
    const again = await cli(
      ["server", "--port", new URL(url).port],
      { cwd, env },
    );
    assert.equal(again.code, 2);
    assert.match(
      again.err,
      /^Cannot listen .*: somebody else listens there\n$/,
    );
    const headers = { authorization: `Bearer ${env.SERVER_USER_TOKEN}` };
    const answer = await fetch(`${url}/api/runs`, { headers });
    await answer.arrayBuffer();
    assert.equal(answer.status, 200);
    running.signal("SIGINT");
    const { code, out, err } = await running.ended;
    assert.equal(code, 0);
    assert.doesNotMatch(out + err, /token-of/);
  },
);

test("dotflow server --json shows no token that was given", NEEDS, async () => {
  const cwd = await tempDir();
  const given: [flags: string[], env: Record<string, string>][] = [
    [["--token", "the-given-token"], {}],
    [[], { SERVER_USER_TOKEN: "the-given-token" }],
  ];
  for (const [flags, env] of given) {
    const args = ["server", "--port", "0", "--json", ...flags];
    const running = await begin(args, { cwd, env });
    await running.until(/\n/);
    running.signal("SIGTERM");
    const { code, out, err } = await running.ended;
    assert.deepEqual([code, err], [0, ""]);
    assert.deepEqual(Object.keys(JSON.parse(out)), ["url"]);
    assert.doesNotMatch(out, /given/);
  }
});

test("dotflow login is approved at a real server, and logout forgets it", {
  ...NEEDS,
  timeout: 60_000,
}, async () => {
  const home = await tempDir();
  const { mkdir, readFile, stat, writeFile } = await import("node:fs/promises");
  const path = `${home}/.dotflow/config.json`;
  await mkdir(`${home}/.dotflow`);
  await writeFile(path, '{"other":{"kept":true}}');
  const secret = { SERVER_USER_TOKEN: "the-token-of-the-server" };
  const server = await begin(
    ["server", "--port", "0", "--storage", "default"],
    { cwd: home, env: secret },
  );
  const [, url] = await server.until(/^(http:\S+)\/\n/);
  const env = { HOME: home, SERVER_USER_TOKEN: "", SERVER_BASE_URL: "" };
  const approved = new Gate();
  const front = await impatient(url, approved.passed);
  const login = await begin(["login", "--url", front], { env });
  const [, code] = await login.until(/\n {4}(\S+)\n/);
  const answer = await fetch(`${url}/api/login/${code}`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${secret.SERVER_USER_TOKEN}`,
      "content-type": "application/json",
    },
    body: '{"approve":true}',
  });
  assert.equal(answer.status, 204);
  approved.open();
  const ended = await login.ended;
  assert.equal(ended.code, 0, ended.err);
  const config = JSON.parse(await readFile(path, "utf8"));
  assert.deepEqual(config.other, { kept: true });
  assert.equal(config.cloud.base_url, front);
  assert.doesNotMatch(ended.out + ended.err, new RegExp(config.cloud.token));
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  const headers = { authorization: `Bearer ${config.cloud.token}` };
  const runs = await fetch(`${url}/api/runs`, { headers });
  await runs.arrayBuffer();
  assert.equal(runs.status, 200);
  assert.equal((await cli(["logout"], { env })).code, 0);
  assert.deepEqual(JSON.parse(await readFile(path, "utf8")), {
    other: { kept: true },
  });
});

/** Lets those who wait for it pass once it is open. */
class Gate {
  open = () => {};
  readonly passed = new Promise<void>((resolve) => this.open = resolve);
}

/** Another front of a server: a device need not wait five seconds there. */
async function impatient(url: string, approved: Promise<void>) {
  return await serveJson(async (path, text) => {
    if (path === "/cli/token") await approved;
    const headers = { "content-type": "application/json" };
    const init = { method: "POST", headers, body: text };
    const answer = await fetch(`${url}${path}`, init);
    const body = await answer.json();
    return [
      answer.status,
      "interval" in body ? { ...body, interval: 0.05 } : body,
    ];
  });
}

/** A server whose login goes as a test wants it. */
async function loginServer(
  answers: readonly [status: number, body: object][],
): Promise<{ url: string; times: number[] }> {
  const times: number[] = [];
  const url = await serveJson((path) => {
    const isDevice = path === "/cli/device";
    if (!isDevice) times.push(performance.now());
    return Promise.resolve(
      isDevice
        ? [200, {
          device_code: "the-device",
          user_code: "AB\x1b[2JCD",
          verification_uri: "https://server.example/device",
          interval: 0.05,
          expires_in: 30,
        }]
        : [...answers[Math.min(times.length, answers.length) - 1]],
    );
  });
  return { url, times };
}

test("dotflow login waits, slows down, and says how it was refused", {
  ...NEEDS,
  timeout: 60_000,
}, async () => {
  const env = { HOME: await tempDir() };
  const pending: [number, object] = [400, { detail: "authorization_pending" }];
  const slower: [number, object] = [400, { detail: "slow_down" }];
  const server = await loginServer([
    pending,
    [503, {}],
    // It takes five seconds more.
    ...effort() > 1 ? [slower] : [],
    [410, { detail: "access_denied" }],
  ]);
  const { code, err } = await cli(["login", "--url", server.url], { env });
  assert.equal(code, 1);
  assert.match(err, /\nCannot log in: "access_denied"\n$/);
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(err, /\x1b|the-device/);
  const [, second, third, fourth = Infinity] = server.times;
  assert.ok(fourth - third >= 5_000 && third - second < 5_000);

  const late = await loginServer([[410, { detail: "expired_token" }]]);
  const expired = await cli(["login", "--url", late.url], { env });
  assert.equal(expired.code, 1);
  assert.match(expired.err, /\nCannot log in: nobody has approved .*\n$/);

  const waiting = await loginServer([pending]);
  const running = await begin(["login", "--url", waiting.url], { env });
  await running.until(/Waiting/);
  running.signal("SIGINT");
  assert.equal((await running.ended).code, 130);

  const nobody = await cli(["login", "--url", "http://127.0.0.1:9"], { env });
  assert.equal(nobody.code, 1);
  assert.match(nobody.err, /^Cannot log in .*: it cannot be reached\n$/);
});

test(
  "dotflow schedule starts runs until there were enough",
  NEEDS,
  async () => {
    const { code, out, err } = await cli([
      ...["schedule", "--step", step("double"), "--json"],
      // Digits alone are milliseconds.
      ...["--every", "200", "--max-runs", "2", "--timeout", "10000"],
    ]);
    assert.equal(code, 0, err);
    const ended = jsonLines(out).filter(({ event }) => event === "run_ended");
    assert.deepEqual(ended.map(({ tasks }) => tasks[0].result), [42, 42]);
    const names = ended.map(({ run_id }) => run_id);
    assert.equal(new Set(names).size, 2);
  },
);

test(
  "a failing run does not end dotflow schedule, a signal does",
  NEEDS,
  async () => {
    const running = await begin([
      ...["schedule", "--step", step("broken"), "--cron", "* * * * * *"],
    ]);
    await running.until(/failed in (.*\n)+.*failed in /);
    running.signal("SIGINT");
    const { code, err } = await running.ended;
    assert.equal(code, 0, err);
    assert.match(err, /^Stopping: it waits for what runs; again to kill$/m);
  },
);

test(
  "dotflow logs shows both formats, filtered, and follows",
  NEEDS,
  async () => {
    const cwd = await tempDir();
    const place = { cwd };
    const { appendFile, rename, writeFile } = await import("node:fs/promises");
    await cli([
      ...["start", "--log-file", "simple.log", "--workflow-id", "s p"],
      ...["--step", step("echo"), "--step", step("broken")],
    ], place);
    await cli(["start", "--workflow", step("logging")], place);
    for (
      const [path, workflow] of [["simple.log", "s p"], ["own.log", "logging"]]
    ) {
      const logs = async (...flags: string[]) => {
        const ended = await cli(["logs", "--path", path, ...flags], place);
        assert.equal(ended.code, 0, ended.err);
        return ended.out;
      };
      const all = await logs();
      assert.match(all, /^\S+ INFO seen .*odd=\S*u001b\[2J/m);
      // deno-lint-ignore no-control-regex
      assert.doesNotMatch(all, /\x1b/);
      const grave = jsonLines(await logs("--level", "warning", "--json"));
      assert.deepEqual(
        [...new Set(grave.map(({ level }) => level))].sort(),
        ["ERROR", "WARNING"],
      );
      assert.equal(jsonLines(await logs("--json", "-n", "2")).length, 2);
      assert.equal(await logs("--workflow", workflow), all);
      assert.equal(await logs("--workflow", "other"), "");
    }

    const line = (message: string) =>
      `2026-01-01T00:00:00.000Z INFO ${message}\n`;
    await writeFile(`${cwd}/grows.log`, line("first"));
    const running = await begin(["logs", "--path", "grows.log", "-f"], place);
    await running.until(/first/);
    await appendFile(`${cwd}/grows.log`, line("second") + "2026-01-0");
    await running.until(/second/);
    await writeFile(`${cwd}/new.log`, line("anew"));
    await rename(`${cwd}/new.log`, `${cwd}/grows.log`);
    await running.until(/anew/);
    running.signal("SIGINT");
    const { code, out } = await running.ended;
    assert.equal(code, 0);
    assert.equal(out, line("first") + line("second") + line("anew"));
  },
);

test(
  "dotflow init makes a project, and never overwrites a file",
  NEEDS,
  async () => {
    const cwd = await tempDir();
    const { readdir, readFile, writeFile } = await import("node:fs/promises");
    for (const target of ["deno", "node", "bun", "workers"]) {
      const args = ["init", target, "--runtime", target];
      const { code, out } = await cli(args, { cwd });
      assert.equal(code, 0);
      assert.match(out, new RegExp(`^cd ${target} && \\S.*\n$`));
      const files = await readdir(`${cwd}/${target}`);
      assert.ok(files.includes("README.md"));
      await writeFile(`${cwd}/${target}/README.md`, "mine");
      assert.equal((await cli(args, { cwd })).code, 2);
      assert.equal(
        await readFile(`${cwd}/${target}/README.md`, "utf8"),
        "mine",
      );
    }
  },
);

test("a project of dotflow init runs as it is", NEEDS, async () => {
  const cwd = await tempDir();
  assert.equal((await cli(["init", ".", "--yes"], { cwd })).code, 0);
  await (runtime === "deno" ? useSources(cwd) : linkPackage(cwd));
  const command = {
    deno: [process.execPath, "task"],
    node: ["npm", "run", "--silent"],
    bun: [process.execPath, "run"],
    workerd: [],
  }[runtime];
  const out = await mustRun([...command, "start"], cwd);
  // Each runtime breaks the lines of a list as it likes.
  assert.equal(out.replace(/\s/g, ""), "Completed[[3,1,2],6]");
  const extension = runtime === "node" ? "js" : "ts";
  const flow = ["start", "--workflow", `./flow.${extension}#workflow`];
  const results = runtime === "deno"
    ? await mustRun([...command, "dotflow", ...flow], cwd)
    : await mustRun(commandOf(flow), cwd);
  assert.equal(results, "extract: [ 3, 1, 2 ]\ntotal: 6\n");
});

/** Has a project of Deno take the sources, in place of the package of npm. */
async function useSources(cwd: string): Promise<void> {
  const { readFile, writeFile } = await import("node:fs/promises");
  const read = async (path: string | URL) =>
    JSON.parse(await readFile(path, "utf8"));
  const source = new URL("../deno.json", import.meta.url);
  const { imports, exports } = await read(source);
  const config = await read(`${cwd}/deno.json`);
  const start = config.tasks.dotflow.replace(
    `${config.imports["@dotflow/dotflow"]}/cli`,
    "@dotflow/dotflow/cli",
  );
  assert.notEqual(start, config.tasks.dotflow);
  config.tasks.dotflow = start.replace("-A", "-A -q --no-check");
  config.imports = { ...imports };
  for (const [subpath, path] of Object.entries<string>(exports)) {
    config.imports[`@dotflow/dotflow${subpath.slice(1)}`] =
      new URL(path, source).href;
  }
  await writeFile(`${cwd}/deno.json`, JSON.stringify(config));
}

/** Puts the packed package where a project would have it installed. */
async function linkPackage(cwd: string): Promise<void> {
  const { mkdir, symlink } = await import("node:fs/promises");
  const { pathname } = new URL(
    "../node_modules/@dotflow/dotflow",
    import.meta.url,
  );
  await mkdir(`${cwd}/node_modules/@dotflow`, { recursive: true });
  await symlink(pathname, `${cwd}/node_modules/@dotflow/dotflow`);
}

/** Runs a program that must end well, with the present runtime on its path. */
async function mustRun(
  [command, ...args]: readonly string[],
  cwd: string,
): Promise<string> {
  const { execFile } = await import("node:child_process");
  const folder = process.execPath.replace(/\/[^/]+$/, "");
  const env = { ...environmentOf({}), PATH: `${folder}:${process.env.PATH}` };
  return await new Promise((resolve, reject) => {
    execFile(command, args, { cwd, env }, (error, out, err) => {
      if (error) reject(new Error(`${error.message}\n${out}${err}`));
      else resolve(out);
    });
  });
}
