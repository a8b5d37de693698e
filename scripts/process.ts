/**
 * Running other programs, and the places that every script shares.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the project. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Where scripts leave what they make; not committed. */
export const BUILD = join(ROOT, ".build");

/** How a program ended. */
export interface Outcome {
  /** Its exit code. */
  code: number;
  /** What it wrote, standard output and standard error together. */
  output: string;
  /** Whether it was killed because it took too long. */
  timedOut: boolean;
}

/** Options of {@linkcode run}. */
export interface RunOptions {
  /** The working directory. @default {ROOT} */
  cwd?: string;
  /** Environment variables, added to the present ones. */
  env?: Record<string, string>;
  /** Milliseconds until it is killed. @default {600_000} */
  timeout?: number;
}

/**
 * Runs a program to its end.
 *
 * @param command The program; `"deno"` is the one that runs this script.
 * @param args Its arguments.
 * @param options Where and how long it runs.
 * @returns How it ended.
 */
export async function run(
  command: string,
  args: readonly string[],
  { cwd = ROOT, env, timeout = 600_000 }: RunOptions = {},
): Promise<Outcome> {
  const process = new Deno.Command(
    command === "deno" ? Deno.execPath() : command,
    {
      args: [...args],
      cwd,
      env: { NO_COLOR: "1", ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    },
  ).spawn();
  let timedOut = false;
  const kill = () => process.kill("SIGKILL");
  const timers = [setTimeout(() => {
    timedOut = true;
    // Asked to end, Node ends the processes of its test files too.
    process.kill("SIGTERM");
    timers.push(setTimeout(kill, 5_000));
  }, timeout)];
  const chunks: string[] = [];
  const collect = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      chunks.push(decoder.decode(chunk, { stream: true }));
    }
  };
  const [status] = await Promise.all([
    process.status,
    collect(process.stdout),
    collect(process.stderr),
  ]);
  timers.forEach(clearTimeout);
  return { code: status.code, output: chunks.join(""), timedOut };
}

/**
 * Runs a program that must succeed.
 *
 * @param command The program.
 * @param args Its arguments.
 * @param options Where and how long it runs.
 * @returns What it wrote.
 * @throws {Error} When it fails, with what it wrote.
 */
export async function mustRun(
  command: string,
  args: readonly string[],
  options?: RunOptions,
): Promise<string> {
  const { code, output, timedOut } = await run(command, args, options);
  if (code === 0) return output;
  const why = timedOut ? "it took too long" : `exit code ${code}`;
  throw new Error(
    `Cannot run ${command} ${args.slice(0, 3).join(" ")}: ${why}\n${output}`,
  );
}

/**
 * Lists the files under a folder, by name.
 *
 * @param folder Where to look; a folder that is not there has no files.
 * @param accept Which files are wanted, by path.
 * @returns Absolute paths, sorted.
 */
export function listFiles(
  folder: string,
  accept: (path: string) => boolean = () => true,
): string[] {
  let entries: Deno.DirEntry[];
  try {
    entries = [...Deno.readDirSync(folder)];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory) return listFiles(path, accept);
    return accept(path) ? [path] : [];
  }).sort();
}

/**
 * Installs npm packages, without their install scripts.
 *
 * @param folder The folder of the package.json.
 * @param packages What to install beside what that names.
 */
export async function npmInstall(
  folder: string,
  ...packages: string[]
): Promise<void> {
  await mustRun("npm", [
    "install",
    "--prefer-offline",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    ...packages,
  ], { cwd: folder });
}
