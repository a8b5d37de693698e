/**
 * `dotflow init`: a small project that runs as it is.
 *
 * @module
 */

import { lstat, mkdir, stat, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import process from "node:process";
import { describe } from "../src/describe.ts";
import { ask } from "./ask.ts";
import { filesOf, RUNTIMES, type TargetRuntime } from "./templates.ts";
import { EXIT, UsageError } from "./usage.ts";
import { reasonOf } from "./value.ts";

/** The flags of `init`. */
export interface InitFlags {
  /** Which runtime the project is for. */
  readonly runtime?: string;
  /** Whether nothing is asked. */
  readonly yes?: boolean;
}

/** How each project is started. */
const COMMANDS: Readonly<Record<TargetRuntime, string>> = {
  deno: "deno task start",
  node: "npm install && npm start",
  bun: "bun install && bun start",
  workers: "npm install && npx wrangler dev",
};

/**
 * Makes a project. No file is ever overwritten.
 *
 * @param folder Where; it is made when it is missing.
 * @param flags The flags.
 * @returns The exit code.
 * @throws {UsageError} If the runtime is none, a file is there already, or the
 * folder cannot be written.
 */
export async function init(folder: string, flags: InitFlags): Promise<number> {
  await refuseFile(folder);
  const runtime = await chooseRuntime(flags);
  const files = filesOf(runtime, nameOf(folder));
  for (const path of Object.keys(files)) {
    if (!await isThere(join(folder, path))) continue;
    throw new UsageError(
      `Cannot make a project in ${describe(folder)}: ${path} is there already`,
    );
  }
  for (const [path, text] of Object.entries(files)) {
    await write(folder, path, text);
  }
  const enter = folder === "." ? "" : `cd ${quote(folder)} && `;
  process.stdout.write(`${enter}${COMMANDS[runtime]}\n`);
  return EXIT.ok;
}

async function refuseFile(folder: string): Promise<void> {
  const there = await stat(folder).catch(() => undefined);
  if (there === undefined || there.isDirectory()) return;
  throw new UsageError(
    `Cannot make a project in ${describe(folder)}: it is a file, no folder`,
  );
}

async function chooseRuntime(
  { runtime, yes }: InitFlags,
): Promise<TargetRuntime> {
  if (runtime !== undefined) return toRuntime(runtime);
  const present = presentRuntime();
  if (yes) return present;
  if (!process.stdin.isTTY) throw noAnswer("ask", present);
  const question = `Which runtime (${RUNTIMES.join(", ")})? [${present}] `;
  const answer = await ask(question);
  if (answer === undefined) throw noAnswer("tell", present);
  return answer === "" ? present : toRuntime(answer);
}

function noAnswer(verb: string, present: TargetRuntime): UsageError {
  return new UsageError(
    `Cannot ${verb} which runtime it is for: give --runtime deno, node, bun ` +
      `or workers; or --yes for ${present}`,
  );
}

function toRuntime(text: string): TargetRuntime {
  if (RUNTIMES.includes(text as TargetRuntime)) return text as TargetRuntime;
  throw new UsageError(
    `Cannot use ${describe(text)} as --runtime: allowed are ` +
      RUNTIMES.join(", "),
  );
}

function presentRuntime(): TargetRuntime {
  const { deno, bun } = process.versions;
  if (deno !== undefined) return "deno";
  return bun === undefined ? "node" : "bun";
}

/** The folder's name, as packages may be called. */
function nameOf(folder: string): string {
  const name = basename(resolve(folder)).toLowerCase()
    .replace(/[^a-z0-9-]+/g, "-").replace(/^-+|-+$/g, "");
  return name === "" ? "workflows" : name.slice(0, 60);
}

async function isThere(path: string): Promise<boolean> {
  try {
    // A link that leads nowhere is something too.
    await lstat(path);
    return true;
  } catch {
    return false;
  }
}

async function write(
  folder: string,
  path: string,
  text: string,
): Promise<void> {
  const file = join(folder, path);
  try {
    await mkdir(join(file, ".."), { recursive: true });
    await writeFile(file, text, { flag: "wx" });
  } catch (error) {
    throw new UsageError(`Cannot write ${describe(file)}: ${reasonOf(error)}`);
  }
}

function quote(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
