/**
 * The commands and their flags. What a command does is loaded when it is
 * called.
 *
 * @module
 */

import { Command } from "commander";
import { describe } from "../src/describe.ts";
import { addStorageFlags } from "./storage.ts";
import { EXIT, UsageError } from "./usage.ts";
import { countOf, durationOf } from "./value.ts";
import { VERSION } from "./version.ts";
import { addWorkflowFlags } from "./workflow.ts";

/** What a command does. */
type Work = () => Promise<number>;

/** Collects what the command that was named has to do. */
type Settle = (work: Work) => void;

const CODES = `
Exit codes: 0 all went well; 1 a run has begun and did not complete; 2 wrong
use, or nothing could be run; 130 ended by Ctrl-C, 143 by SIGTERM. server,
schedule and logs --follow are meant to be ended so: they give 0.`;

/**
 * Reads the command line, and does what it says.
 *
 * @param args The command and its flags.
 * @returns The exit code.
 * @throws {CommanderError} If the command line cannot be read, or only help or
 * the version is asked for.
 */
export async function runProgram(args: readonly string[]): Promise<number> {
  let work: Work = () => Promise.resolve(EXIT.usage);
  const program = createProgram((found) => work = found);
  // Without a command, it tells what there is.
  await program.parseAsync(args.length > 0 ? [...args] : ["help"], {
    from: "user",
  });
  return await work();
}

function createProgram(settle: Settle): Command {
  const program = new Command("dotflow")
    .description("Durable workflows with nothing but a bucket")
    .version(VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "tell about a command")
    .helpCommand("help [command]", "tell about a command")
    .addHelpText("after", CODES)
    .exitOverride()
    // One clear line is written by whoever catches the error.
    .configureOutput({ outputError: () => {} });
  const add = (name: string, description: string, parent = program) =>
    common(parent.command(name).description(description));
  addStart(add, settle);
  addSchedule(add, settle);
  addLogs(add, settle);
  addServer(add, settle);
  addRuns(program, add, settle);
  addProject(add, settle);
  addLogin(add, settle);
  return program;
}

type Add = (name: string, description: string, parent?: Command) => Command;

function common(command: Command): Command {
  return command
    .option("--verbose", "show the stacks of errors")
    .option("--no-color", "no colours");
}

function addStart(add: Add, settle: Settle): void {
  addWorkflowFlags(add("start", "Start a workflow, and wait for its end"))
    .option("--run-id <id>", "the name of this run")
    .option("--plain", "plain lines, on a terminal too")
    .option("--json", "one JSON object a line, on standard output")
    .action((flags) =>
      settle(async () => await (await import("./start.ts")).start(flags))
    );
}

function addSchedule(add: Add, settle: Settle): void {
  addWorkflowFlags(add("schedule", "Start a workflow again and again"))
    .option("--cron <pattern>", 'when, in 5 or 6 fields, as in "*/5 * * * *"')
    .option(
      "--every <duration>",
      'how often, as in "10s"; digits: ms',
      durationOf("--every", 1),
    )
    .option("--timezone <name>", "the time zone of --cron")
    .option("--overlap <what>", "skip, queue or parallel (skip)")
    .option("--limit <n>", "how many at once with parallel", countOf("--limit"))
    .option("--catch-up", "run once for ticks that were missed")
    .option("--max-runs <n>", "stop after so many", countOf("--max-runs"))
    .option("--start-at <time>", "not before, as in 2026-12-24T18:00:00Z")
    .option("--stop-at <time>", "not after")
    .option(
      "--stop-timeout <duration>",
      "how long the end waits for runs",
      durationOf("--stop-timeout"),
    )
    .option("--json", "one JSON object a line, on standard output")
    .action((flags) =>
      settle(async () => await (await import("./schedule.ts")).schedule(flags))
    );
}

function addLogs(add: Add, settle: Settle): void {
  add("logs", "Show what was logged to a file")
    .option("--path <file>", "the file (.output/dotflow.log)")
    .option("-f, --follow", "go on as it grows")
    .option("--level <level>", "the least grave: DEBUG, INFO, WARNING, ERROR")
    .option("-n, --lines <n>", "how many of the last (100)", countOf("--lines"))
    .option("--workflow <id>", "of one workflow only")
    .option("--json", "one JSON object a line")
    .action((flags) =>
      settle(async () => await (await import("./logs.ts")).logs(flags))
    );
}

function addServer(add: Add, settle: Settle): void {
  const command = add("server", "Serve the remote API and its dashboard")
    .option("--host <address>", "where to listen (127.0.0.1)")
    .option("--port <n>", "the port; 0: a free one (8710)")
    .option(
      "--token <token>",
      "what clients have to know; better in the " +
        "environment: SERVER_USER_TOKEN",
    )
    .option("--open-without-token", "let everybody in who reaches it")
    .option("--json", "print one JSON object with the address");
  addStorageFlags(command, "file", ".dotflow-server").action((flags) =>
    settle(async () => await (await import("./server.ts")).serve(flags))
  );
}

function addRuns(program: Command, add: Add, settle: Settle): void {
  const runs = program.command("runs")
    .description("Show what is kept of runs, and remove it")
    .allowExcessArguments()
    .action((_flags, { args: [other] }: Command) => {
      throw new UsageError(
        other === undefined
          ? "Cannot tell what to do with runs: give list, show or clear"
          : `Cannot read the command line: unknown command ` +
            `${describe(`runs ${other}`)}; there are list, show and clear`,
      );
    });
  addStorageFlags(
    add("list", "List workflows and their latest runs", runs),
    "file",
  )
    .option("--json", "one JSON object a line")
    .action((flags) =>
      settle(async () => await (await import("./runs.ts")).listRuns(flags))
    );
  addStorageFlags(
    add("show", "Show the latest run of a workflow", runs),
    "file",
  )
    .argument("<id>", "the workflow")
    .option("--json", "one JSON object")
    .action((id, flags) =>
      settle(async () => await (await import("./runs.ts")).showRun(id, flags))
    );
  addStorageFlags(add("clear", "Remove all runs of a workflow", runs), "file")
    .argument("<id>", "the workflow")
    .option("--yes", "do not ask")
    .action((id, flags) =>
      settle(async () => await (await import("./runs.ts")).clearRuns(id, flags))
    );
}

function addProject(add: Add, settle: Settle): void {
  add("init", "Make a small project that runs as it is")
    .argument("[folder]", "where", ".")
    .option("--runtime <name>", "deno, node, bun or workers")
    .option("--yes", "do not ask; Node where no runtime is named")
    .action((folder, flags) =>
      settle(async () => await (await import("./init.ts")).init(folder, flags))
    );
}

function addLogin(add: Add, settle: Settle): void {
  add("login", "Connect this machine with a server")
    .option("--url <address>", "the server; else SERVER_BASE_URL, or the last")
    .action((flags) =>
      settle(async () => await (await import("./login.ts")).login(flags))
    );
  add("logout", "Forget the server")
    .action(() =>
      settle(async () => await (await import("./logout.ts")).logout())
    );
}
