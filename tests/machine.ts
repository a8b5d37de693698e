/**
 * What only the administrator of a machine can arrange: a small disk, and a
 * process that permissions apply to. Where it cannot be had, the reason says so.
 *
 * @module
 */

import { cleanup, runtime, tempDir } from "./harness.ts";

/** What runs a program without the rights that stand above permissions. */
const DROP = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"];

const isRoot = runtime !== "workerd" && process.getuid?.() === 0;

/** Why there can be no small disk; empty where there can. */
export const noSmallDisk: string = await whyNot(async () => {
  if (!isRoot) return "only root can mount a small disk";
  // A private name space: the attempt is gone with its process.
  const script = "mount -t tmpfs -o size=64k none /tmp";
  await command("unshare", ["-m", "sh", "-c", script]);
  return "";
});

/** Why permissions cannot be made to count; empty where they can. */
export const noPermissions: string = await whyNot(async () => {
  if (isRoot) await command(DROP[0], [...DROP.slice(1), "true"]);
  return "";
});

/** What to run a program under, so that permissions count for it. */
export const underPermissions: readonly string[] = isRoot ? DROP : [];

/**
 * Makes a small disk that is gone after the present test.
 *
 * @param kilobytes How much it holds.
 * @returns Its folder.
 */
export async function smallDisk(kilobytes: number): Promise<string> {
  const path = await tempDir();
  const size = `size=${kilobytes}k`;
  await command("mount", ["-t", "tmpfs", "-o", size, "none", path]);
  cleanup(() => command("umount", ["-l", path]));
  return path;
}

async function command(name: string, args: readonly string[]): Promise<void> {
  const { execFile } = await import("node:child_process");
  await new Promise<void>((resolve, reject) =>
    execFile(name, args, (error) => error ? reject(error) : resolve())
  );
}

async function whyNot(attempt: () => Promise<string>): Promise<string> {
  if (runtime === "workerd") return "";
  try {
    return await attempt();
  } catch (error) {
    return String((error as Error).message).split("\n").join(" ").trim();
  }
}
