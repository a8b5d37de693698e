/**
 * The servers that tests use: the fault lab, and Redis and the Ceph Object
 * Gateway where their Debian packages are installed. Tests find them by
 * `tests/lab.ts`.
 *
 * @module
 */

import { join } from "node:path";
import { ROOT } from "../process.ts";
import { TOOLS_LOCK } from "../tools.ts";
import { startRadosgw } from "./radosgw.ts";
import { freePort, hasProgram, startServer } from "./server.ts";

/** Starts one server; gives how tests reach it, and how it ends. */
type Start = () => Promise<{ value: string; stop(): Promise<void> }>;

const SERVICES: Record<string, { programs: string[]; start: Start }> = {
  DOTFLOW_LAB: { programs: [], start: startLab },
  DOTFLOW_REDIS: { programs: ["redis-server"], start: startRedis },
  DOTFLOW_RADOSGW: {
    programs: ["radosgw", "ceph-mon", "ceph-osd"],
    start: startRadosgw,
  },
};

/**
 * Starts what this machine has, and names it in the environment of the tests.
 *
 * @returns Stops all of it.
 */
export async function startServices(): Promise<() => Promise<void>> {
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    await Promise.all(stops.splice(0).map((stop) => stop()));
  };
  const wanted = Object.entries(SERVICES).filter(([, { programs }]) =>
    programs.every(hasProgram)
  );
  const starts = wanted.map(async ([name, { start }]) => {
    const { value, stop } = await start();
    stops.push(stop);
    Deno.env.set(name, value);
  });
  const failed = (await Promise.allSettled(starts)).find((result) =>
    result.status === "rejected"
  );
  if (failed === undefined) return stop;
  await stop();
  throw failed.reason;
}

async function startLab() {
  const args = ["run", "-A", "-q", "--no-check", "--node-modules-dir=auto"];
  const script = join(ROOT, "tests/servers/lab.ts");
  const command = [...args, TOOLS_LOCK, script];
  const server = startServer(Deno.execPath(), command, "inherit");
  return { value: await server.line(/^http/), stop: server.stop };
}

async function startRedis() {
  const port = await freePort();
  const args = Object.entries({
    bind: "127.0.0.1",
    port: String(port),
    save: "",
    appendonly: "no",
  }).flatMap(([name, value]) => [`--${name}`, value]);
  const server = startServer("redis-server", args);
  await server.line(/Ready to accept connections/);
  return { value: `redis://127.0.0.1:${port}`, stop: server.stop };
}
