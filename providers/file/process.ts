/**
 * Which process of this machine this one is, and whether another one has ended,
 * as Linux tells it under `/proc`.
 *
 * @module
 */

import { type Fs, loadFs } from "./files.ts";

/** What this process is. */
interface Self {
  /** The start of the machine, and what its process ids count within. */
  readonly machine: string;
  /** The process id, and when it was given to this process. */
  readonly id: string;
}

/** What `/proc/<pid>/stat` says. */
interface Stat {
  readonly pid: number;
  readonly state: string;
  readonly threads: number;
  /** Since the machine was started, in ticks of its clock. */
  readonly startTime: string;
}

let self: Promise<Self | undefined> | undefined;

/**
 * Says what process this is: ids are used again, but not with the same time of
 * start, and not the one of the machine's start.
 *
 * @returns What `isGone` can tell by; undefined where it cannot be found out.
 */
export async function holder(): Promise<string | undefined> {
  const own = await identifyOnce();
  return own && `${own.machine} ${own.id}`;
}

/**
 * Tells whether a process has ended for certain. Of another machine nothing is
 * certain, nor of this one before it was started again: it looks the same.
 *
 * @param text What `holder` said in that process.
 * @returns Whether it is gone.
 */
export async function isGone(text: string): Promise<boolean> {
  const own = await identifyOnce();
  const [, machine, pid, startTime] =
    /^(.+) ([1-9]\d{0,8}) (\d+)$/.exec(text) ?? [];
  if (own === undefined || own.machine !== machine) return false;
  try {
    const stat = readStat(await loadFs(), pid);
    if (stat === undefined) return await isUnknown(Number(pid));
    return stat.startTime !== startTime || hasEnded(stat);
  } catch {
    return false;
  }
}

function identifyOnce(): Promise<Self | undefined> {
  return self ??= identify().catch(() => undefined);
}

async function identify(): Promise<Self | undefined> {
  const { default: process } = await import("node:process");
  if (process.platform !== "linux" || await mayAsk(process)) return undefined;
  const fs = await loadFs();
  const boot = fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8");
  const ids = fs.readlinkSync("/proc/self/ns/pid");
  const stat = readStat(fs, "self");
  // Not so where /proc is that of another space of process ids.
  if (stat?.pid !== process.pid) return undefined;
  return {
    machine: `${boot.trim()} ${ids} ${clockOf(fs)}`,
    id: `${stat.pid} ${stat.startTime}`,
  };
}

/**
 * Deno asks the user for a permission that is missing, where both of these are
 * a terminal. No library may cause that, so there it stays unknown.
 */
async function mayAsk({ versions }: NodeJS.Process): Promise<boolean> {
  if (versions.deno === undefined) return false;
  const { isatty } = await import("node:tty");
  return isatty(0) && isatty(2);
}

/** What times of start count from, in containers that have their own clock. */
function clockOf(fs: Fs): string {
  try {
    return fs.readlinkSync("/proc/self/ns/time");
  } catch {
    // Before Linux 5.6 there is one clock for all.
    return "time";
  }
}

function readStat(fs: Fs, pid: string): Stat | undefined {
  let text;
  try {
    text = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH") return undefined;
    throw error;
  }
  // The second field is the name, in which there may be anything.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, threads, startTime] = [fields[0], fields[17], fields[19]];
  return { pid: parseInt(text), state, threads: Number(threads), startTime };
}

/** Killed, but not yet waited for; its other threads may still be writing. */
function hasEnded({ state, threads }: Stat): boolean {
  return "ZX".includes(state) && threads <= 1;
}

/** Other users' processes may be hidden under /proc, but not from signals. */
async function isUnknown(pid: number): Promise<boolean> {
  const { default: process } = await import("node:process");
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
