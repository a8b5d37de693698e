/**
 * `StorageFile` tells which process it is, and which one is gone for certain.
 *
 * @module
 */

import { StorageFile } from "@dotflow/dotflow/providers/storage-file";
import assert from "node:assert/strict";
import {
  modulePath,
  runtime,
  type Spawned,
  type SpawnOptions,
  spawnRuntime,
  tempDir,
  test,
} from "./harness.ts";
import { underPermissions } from "./machine.ts";

const needs = ["files", "processes"] as const;
const skip = runtime !== "workerd" && process.platform !== "linux"
  ? "only Linux tells about processes under /proc"
  : "";

const storage = new StorageFile();
const PROC = ["unshare", "-m", "sh", "-c"];
const HIDDEN = "mount -t proc -o hidepid=2,gid=65534 proc /proc";
const noSpaces = await whyNot("unshare", ["-pf", "--mount-proc", "true"]);
const noHiding = await whyNot(PROC[0], [...PROC.slice(1), HIDDEN]) ||
  (underPermissions.length === 0 ? "only root can hide processes" : "");
const noTerminal = runtime === "deno"
  ? await whyNot("script", ["--version"])
  : "only Deno asks for permissions";

test("no process is held gone without proof", { skip }, async () => {
  const own = await storage.holder();
  assert.equal(own, await new StorageFile().holder());
  const garbage: unknown[] = [
    "",
    " ",
    "x",
    "1 2",
    `${own} `,
    ` ${own}`,
    `${own}x`,
  ];
  garbage.push(`${own}\n`, `x\n${own}`, null, undefined, 7, {}, [own]);
  for (const text of garbage) {
    assert.equal(await storage.isGone(text as string), false, String(text));
  }
});

test("its own process is not gone", { needs, skip }, async () => {
  const own = await storage.holder();
  assert.ok(own?.includes(` ${process.pid} `), own);
  assert.equal(await storage.isGone(own!), false);
});

test(
  "a process id that is used again is another one",
  { needs, skip },
  async () => {
    const { machine, pid, startTime } = await ownParts();
    const gone = (text: string) => storage.isGone(text);
    assert.equal(await gone(`${machine} ${pid} ${startTime}`), false);
    assert.equal(
      await gone(`${machine} ${pid} ${Number(startTime) - 1}`),
      true,
    );
    assert.equal(
      await gone(`${machine} ${pid} ${Number(startTime) + 1}`),
      true,
    );
  },
);

test(
  "of another machine or container nothing is certain",
  { needs, skip },
  async () => {
    const { machine, pid } = await ownParts();
    const parts = machine.split(" ");
    assert.equal(parts.length, 3, machine);
    // The forged ones would be gone here.
    assert.equal(await storage.isGone(`${machine} ${pid} 1`), true);
    for (const at of parts.keys()) {
      const forged = parts.with(at, parts[at].replace(/\d(?=\D*$)/, "x"));
      assert.notDeepEqual(forged, parts);
      assert.equal(await storage.isGone(`${forged.join(" ")} ${pid} 1`), false);
    }
    for (const odd of ["0", "-1", "999999999999", "self", "1/../1"]) {
      assert.equal(await storage.isGone(`${machine} ${odd} 1`), false, odd);
    }
  },
);

test(
  "a stopped process is not gone, and a killed one is",
  { needs, skip },
  async () => {
    const child = await start();
    const text = await holderOf(child);
    assert.equal(await storage.isGone(text), false);
    process.kill(pidOf(text), "SIGSTOP");
    await until(() => stateOf(text).then((state) => state === "T"));
    assert.equal(await storage.isGone(text), false);
    await child.kill();
    assert.equal(await storage.isGone(text), true);
  },
);

test("a zombie is gone", { needs, skip }, async () => {
  // Its parent becomes a program that waits for nobody.
  const script = '"$@" & exec sleep 600';
  const child = await start({ under: ["sh", "-c", script, "sh"] });
  const text = await holderOf(child);
  assert.equal(await storage.isGone(text), false);
  process.kill(pidOf(text), "SIGKILL");
  await until(() => storage.isGone(text));
  assert.equal(await stateOf(text), "Z");
});

test(
  "a name like the fields after it confuses nobody",
  { needs, skip },
  async () => {
    const { copyFile } = await import("node:fs/promises");
    const { spawn } = await import("node:child_process");
    const name = `${await tempDir()}/x) Z 1 (`;
    await copyFile("/bin/sleep", name);
    const child = spawn(name, ["600"], { stdio: "ignore" });
    try {
      const { machine } = await ownParts();
      await until(async () =>
        (await statOf(child.pid!)).includes("(x) Z 1 ()")
      );
      const stat = await statOf(child.pid!);
      const startTime = stat.slice(stat.lastIndexOf(")")).split(" ")[20];
      const text = `${machine} ${child.pid} ${startTime}`;
      assert.equal(await storage.isGone(text), false);
      // With its one thread, only its state tells it from a zombie.
      child.kill("SIGSTOP");
      await until(() => stateOf(text).then((state) => state === "T"));
      assert.equal(await storage.isGone(text), false);
    } finally {
      child.kill("SIGKILL");
    }
  },
);

test("a process of another space of ids is left alone", {
  needs,
  skip: skip || noSpaces,
}, async () => {
  const under = ["unshare", "-pf", "--kill-child"];
  const child = await start({ under: [...under, "--mount-proc"] });
  const text = await holderOf(child);
  assert.match(text, / 1 \d+$/);
  await child.kill();
  assert.equal(await storage.isGone(text), false);
  // Where /proc is the one of other ids, it does not tell who this is.
  const lost = await start({ under });
  assert.equal(await holderOf(lost), "undefined");
});

test(
  "a process that is hidden is not gone",
  { needs, skip: skip || noHiding },
  async () => {
    const child = await start();
    const text = await holderOf(child);
    const under = [
      ...PROC,
      `${HIDDEN} && exec "$@"`,
      "sh",
      ...underPermissions,
    ];
    const script = `test -e /proc/self/stat && ! test -e /proc/${pidOf(text)}`;
    await output(under[0], [...under.slice(1), "sh", "-c", script]);
    const look = async () => {
      const other = await start({ under }, [text]);
      return await other.line(/^gone: /);
    };
    assert.equal(await look(), "gone: false");
    await child.kill();
    assert.equal(await look(), "gone: true");
  },
);

for (
  const [where, under] of [
    ["at a terminal", "script -qec"],
    ["without a terminal", "sh -c"],
  ]
) {
  test(
    `Deno with the least permissions asks for no more ${where}`,
    { needs, skip: noTerminal },
    async () => {
      const dir = await tempDir();
      const permissions = `--allow-read=${dir} --allow-write=${dir}`;
      const line = (flags: string) =>
        `'${process.execPath}' run -q --no-check ${flags} ` +
        `'${modulePath("workers/holder.ts")}' ${dir} x`;
      const [name, option] = under.split(" ");
      const run = async (flags: string) =>
        (await output(name, [option, line(flags), "/dev/null"]))
          .trim().split(/\r?\n/);
      const least = await run(permissions);
      assert.deepEqual(least, [
        "holder: undefined",
        "gone: false",
        "stored: 1",
      ]);
      const [first] = await run("-A");
      if (name === "sh") assert.match(first, /^holder: .* \d+ \d+$/);
    },
  );
}

test(
  "Node with the least permissions knows no process, and works",
  { needs, skip: runtime === "node" ? "" : "only Node has this option" },
  async () => {
    const dir = await tempDir();
    const flags = process.allowedNodeEnvironmentFlags;
    const flag = flags.has("--permission")
      ? "--permission"
      : "--experimental-permission";
    const lines = await output(process.execPath, [
      flag,
      `--allow-fs-read=${await rootOf(modulePath("."))}`,
      `--allow-fs-read=${dir}`,
      `--allow-fs-write=${dir}`,
      modulePath("workers/holder.ts"),
      dir,
      "x",
    ]);
    assert.equal(lines, "holder: undefined\ngone: false\nstored: 1\n");
  },
);

async function start(
  options: SpawnOptions = {},
  others: readonly string[] = [],
): Promise<Spawned> {
  return await spawnRuntime(
    "workers/holder.ts",
    [await tempDir(), ...others],
    options,
  );
}

async function holderOf(child: Spawned): Promise<string> {
  return (await child.line(/^holder: /)).slice("holder: ".length);
}

function pidOf(holder: string): number {
  return Number(holder.split(" ").at(-2));
}

async function ownParts() {
  const own = await storage.holder();
  const parts = own!.split(" ");
  const [pid, startTime] = parts.splice(-2);
  return { machine: parts.join(" "), pid, startTime };
}

async function statOf(pid: number): Promise<string> {
  const { readFile } = await import("node:fs/promises");
  return await readFile(`/proc/${pid}/stat`, "utf8");
}

async function stateOf(holder: string): Promise<string> {
  const stat = await statOf(pidOf(holder));
  return stat.slice(stat.lastIndexOf(")") + 2)[0];
}

/** Nothing tells when the system has done it. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!await holds()) await new Promise((wake) => setTimeout(wake, 2));
}

/** The folder under which everything lies that the tests load. */
async function rootOf(tests: string): Promise<string> {
  const { resolve } = await import("node:path");
  return resolve(tests, "..");
}

async function output(
  name: string,
  args: readonly string[],
): Promise<string> {
  const { execFile } = await import("node:child_process");
  const options = { env: { ...process.env, NO_COLOR: "1" }, timeout: 20_000 };
  return await new Promise((resolve, reject) => {
    const child = execFile(
      name,
      args,
      options,
      (error, stdout, stderr) =>
        error
          ? reject(new Error(`${error.message}\n${stdout}${stderr}`))
          : resolve(stdout),
    );
    child.stdin?.end();
  });
}

/** Why a command cannot be used; empty where it can. */
async function whyNot(name: string, args: readonly string[]): Promise<string> {
  if (runtime === "workerd") return "";
  return await output(name, args).then(() => "", () => `no ${name} here`);
}
