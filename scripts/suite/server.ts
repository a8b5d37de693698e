/**
 * Programs that run beside the tests, and end with them.
 *
 * @module
 */

import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { ROOT } from "../process.ts";

const START_TIMEOUT = 30_000;

/** A program that runs. */
export interface Server {
  /**
   * Waits for a line of its output that matches.
   *
   * @param pattern What it looks like.
   * @returns The line.
   * @throws {Error} When it ends, or takes too long, without such a line.
   */
  line(pattern: RegExp): Promise<string>;
  /** Ends it, and waits for its end. */
  stop(): Promise<void>;
}

/**
 * Starts a program; it ends with this process, however that ends.
 *
 * @param command The program.
 * @param args Its arguments.
 * @param stderr Whether its errors are shown, or only told when it cannot start.
 * @returns The running program.
 */
export function startServer(
  command: string,
  args: readonly string[],
  stderr: "inherit" | "piped" = "piped",
): Server {
  // The kernel kills it when this process is gone, killed or not.
  const [program, ...rest] = hasProgram("setpriv")
    ? ["setpriv", "--pdeathsig=KILL", command, ...args]
    : [command, ...args];
  const child = new Deno.Command(program, {
    args: rest,
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr,
  }).spawn();
  const output = new Output(command);
  const read = [output.read(child.stdout)];
  if (stderr === "piped") read.push(output.read(child.stderr));
  return {
    line: (pattern) => output.find(pattern),
    async stop() {
      try {
        // It has nothing to keep, and some of them take their time.
        child.kill("SIGKILL");
      } catch {
        // It has ended by itself.
      }
      await Promise.all([child.status, child.stdin.close(), ...read]);
    },
  };
}

/**
 * Finds a port that nobody uses now.
 *
 * @returns Its number.
 */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/**
 * Tells whether a program is installed.
 *
 * @param name Its name.
 * @returns Whether it is on the path.
 */
export function hasProgram(name: string): boolean {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  return folders.some((folder) => {
    try {
      return Deno.statSync(join(folder, name)).isFile;
    } catch {
      return false;
    }
  });
}

/** Reads all that a program writes, so that it never waits for a reader. */
class Output {
  #command: string;
  #lines: string[] = [];
  #ended = false;
  #wake: () => void = () => {};

  constructor(command: string) {
    this.#command = command;
  }

  async read(stream: ReadableStream<Uint8Array>): Promise<void> {
    let rest = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      this.#lines = [...this.#lines, ...lines].slice(-100);
      this.#wake();
    }
    this.#ended = true;
    this.#wake();
  }

  async find(pattern: RegExp): Promise<string> {
    const timer = setTimeout(() => {
      this.#ended = true;
      this.#wake();
    }, START_TIMEOUT);
    try {
      while (true) {
        const found = this.#lines.find((line) => pattern.test(line));
        if (found !== undefined) return found;
        if (this.#ended) break;
        await new Promise<void>((resolve) => this.#wake = resolve);
      }
    } finally {
      clearTimeout(timer);
    }
    const end = this.#lines.join("\n");
    throw new Error(`Cannot start ${this.#command}: it wrote\n${end}`);
  }
}
