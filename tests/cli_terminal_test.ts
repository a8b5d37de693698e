import assert from "node:assert/strict";
import { commandOf, environmentOf, step } from "./cli.ts";
import { cleanup, runtime, tempDir, test } from "./harness.ts";

/** A real terminal, in which a shell runs. */
class Terminal {
  readonly #socket: string;
  readonly #run: (args: readonly string[]) => Promise<string>;

  constructor(
    socket: string,
    run: (args: readonly string[]) => Promise<string>,
  ) {
    this.#socket = socket;
    this.#run = run;
  }

  tmux(...args: string[]): Promise<string> {
    return this.#run(["-L", this.#socket, "-u", ...args]);
  }

  /** Types a command; its end is told by its exit code. */
  async type(
    args: readonly string[],
    program = commandOf(args),
  ): Promise<void> {
    const words = program.map((word) => `'${word.replaceAll("'", "'\\''")}'`);
    await this.tmux(
      "send-keys",
      "-l",
      `clear; ${words.join(" ")}; echo "code:$?"`,
    );
    await this.tmux("send-keys", "Enter");
  }

  screen(): Promise<string> {
    return this.tmux("capture-pane", "-p");
  }

  /** Waits until the screen matches. */
  async until(pattern: RegExp): Promise<string> {
    for (let tries = 0;; tries++) {
      const screen = await this.screen();
      if (pattern.test(screen)) return screen;
      if (tries > 400) throw new Error(`No ${pattern} on:\n${screen}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Sends SIGTERM to what the shell runs. */
  async terminate(): Promise<void> {
    const { execFileSync } = await import("node:child_process");
    const shell = await this.tmux("display-message", "-p", "#{pane_pid}");
    const all = `${execFileSync("ps", ["-A", "-o", "ppid=,pid="])}`;
    for (const line of all.split("\n")) {
      const [parent, child] = line.trim().split(/\s+/);
      if (parent === shell.trim()) process.kill(Number(child), "SIGTERM");
    }
  }

  async isCursorShown(): Promise<boolean> {
    const flag = await this.tmux("display-message", "-p", "#{cursor_flag}");
    return flag.trim() === "1";
  }
}

async function openTerminal(columns: number, rows: number): Promise<Terminal> {
  const { execFile } = await import("node:child_process");
  const run = (args: readonly string[]) =>
    new Promise<string>((resolve, reject) => {
      execFile("tmux", [...args], {
        env: { ...environmentOf({}), TERM: "xterm-256color" },
      }, (error, out) => error ? reject(error) : resolve(out));
    });
  const socket = `dotflow-${runtime}-${crypto.randomUUID()}`;
  const terminal = new Terminal(socket, run);
  const cwd = await tempDir();
  await terminal.tmux(
    ...["new-session", "-d", "-x", `${columns}`, "-y", `${rows}`],
    ...["-c", cwd, "env", "PS1=$ ", "sh"],
  );
  cleanup(() => terminal.tmux("kill-server").catch(() => {}));
  return terminal;
}

async function lacksTmux(): Promise<string> {
  if (runtime === "workerd") return "";
  const { spawnSync } = await import("node:child_process");
  const isThere = spawnSync("tmux", ["-V"]).status === 0;
  return isThere ? "" : "tmux is not installed";
}

const OPTIONS = {
  needs: ["processes"],
  skip: await lacksTmux(),
  timeout: 60_000,
} as const;

test(
  "a terminal shows a live line for each task, and a bar",
  OPTIONS,
  async () => {
    const terminal = await openTerminal(80, 24);
    await terminal.type([
      ...["start", "--workflow-id", "live", "--keep-going"],
      ...["double", "broken", "loud", "slow"].flatMap((name) => [
        "--step",
        step(name),
      ]),
    ]);
    const live = await terminal.until(/halfway/);
    assert.match(live, /^loud says hello\nand writes\n/m);
    assert.match(live, /^✓ double {2}\d+ ms$/m);
    assert.match(live, /^✗ broken {2}.* attempt 2 {2}Error: no \[2J luck$/m);
    assert.match(live, /^[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] slow .* 50 % {2}halfway$/m);
    assert.match(live, /^█+░+ 3\/4, 1 failed, /m);
    assert.equal(await terminal.isCursorShown(), false);
    await terminal.tmux("send-keys", "C-c");
    const end = await terminal.until(/code:130/);
    assert.match(end, /^Stopping: what runs is cancelled; again to kill$/m);
    assert.match(end, /^live: cancelled in .*\(2 completed, 2 failed\)$/m);
    assert.match(end, /^double: 42$/m);
    assert.match(end, /^loud: done$/m);
    assert.equal(end.match(/✓ double/g)?.length, 1, "no line is left behind");
    assert.equal(await terminal.isCursorShown(), true);
  },
);

test(
  "a second Ctrl-C kills at once, and leaves the terminal as it was",
  OPTIONS,
  async () => {
    const terminal = await openTerminal(80, 24);
    await terminal.type([
      ...["start", "--step", step("slow"), "--callback", step("never")],
    ]);
    await terminal.until(/halfway/);
    await terminal.tmux("send-keys", "C-c");
    await terminal.until(/^Stopping:/m);
    await terminal.tmux("send-keys", "C-c");
    const end = await terminal.until(/code:130/);
    assert.doesNotMatch(end, /cancelled in/);
    assert.equal(await terminal.isCursorShown(), true);
  },
);

test(
  "a small terminal shows what runs and what failed, and a summary",
  OPTIONS,
  async () => {
    const terminal = await openTerminal(40, 10);
    await terminal.type([
      ...["start", "--workflow", step("many"), "--keep-going"],
    ]);
    const live = await terminal.until(/halfway/);
    assert.match(live, /^✗ task-50 /m);
    assert.match(live, /^[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] slow /m);
    assert.match(live, /^ {2}… 54 more$/m);
    assert.match(live, /60\/61, 1 failed/);
    await terminal.tmux("send-keys", "C-c");
    await terminal.until(/code:130/);
    assert.equal(await terminal.isCursorShown(), true);
  },
);

test("on a terminal, dotflow runs clear asks first", OPTIONS, async () => {
  const terminal = await openTerminal(80, 24);
  const flags = ["--storage", "file"];
  await terminal.type([
    ...["start", "--step", step("double"), "--workflow-id", "asked", ...flags],
  ]);
  await terminal.until(/code:0/);
  await terminal.type(["runs", "clear", "asked"]);
  await terminal.until(/Remove 1 run of "asked" for good\? \[y\/N\]/);
  await terminal.tmux("send-keys", "n", "Enter");
  await terminal.until(/code:2/);
  await terminal.type(["runs", "clear", "asked"]);
  await terminal.until(/\[y\/N\]/);
  await terminal.tmux("send-keys", "y", "Enter");
  await terminal.until(/Cleared "asked"\s+code:0/);
});

test("on a terminal, a question can be left", OPTIONS, async () => {
  const terminal = await openTerminal(80, 24);
  await terminal.type([
    ...["start", "--step", step("double"), "--workflow-id", "asked"],
    ...["--storage", "file"],
  ]);
  await terminal.until(/code:0/);
  // A question, and no end of the command before.
  const asks = /^(?![^]*^code:\d)[^]*\] *$/m;
  for (const args of [["runs", "clear", "asked"], ["init", "project"]]) {
    const leave = async (by: () => Promise<unknown>) => {
      await terminal.type(args);
      await terminal.until(asks);
      await by();
      return await terminal.until(/^code:\d+/m);
    };
    const byKey = await leave(() => terminal.tmux("send-keys", "C-c"));
    assert.match(byKey, /^code:130/m);
    assert.doesNotMatch(byKey, /Cannot/);
    const bySignal = await leave(() => terminal.terminate());
    assert.match(bySignal, /^code:143/m);
    assert.doesNotMatch(bySignal, /Cannot/);
    const byEnd = await leave(() => terminal.tmux("send-keys", "C-d"));
    assert.match(byEnd, /^code:2/m);
  }
  assert.match(await terminal.screen(), /^Cannot tell which runtime/m);
  await terminal.type(["runs", "list"]);
  await terminal.until(/^asked .* 1\/1 /m);
});

test("on a terminal, dotflow init takes the runtime", OPTIONS, async () => {
  const terminal = await openTerminal(80, 24);
  await terminal.type(["init", "project"]);
  await terminal.until(/^Which runtime \(.*\)\? \[\w+\] *$/m);
  await terminal.tmux("send-keys", "workers", "Enter");
  await terminal.until(/npx wrangler dev\s+code:0/);
});
