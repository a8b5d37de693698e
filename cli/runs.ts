/**
 * `dotflow runs`: what a storage keeps of runs, read without any server.
 *
 * @module
 */

import process from "node:process";
import { Config, DotFlow } from "../mod.ts";
import type { Storage } from "../src/contracts/storage.ts";
import { describe } from "../src/describe.ts";
import type { RunRecord } from "../src/run/record.ts";
import { escapeControls, toLine } from "../src/controls.ts";
import { ask } from "./ask.ts";
import {
  findAll,
  type Found,
  type KeptTask,
  mustFind,
  readTasks,
} from "./kept.ts";
import { streamsOf } from "./console.ts";
import { errorOf, jsonLine } from "./report/json.ts";
import { count, valueOf } from "./report/words.ts";
import { openLasting, type StorageFlags } from "./storage.ts";
import { type Style, styleOf, table } from "./style.ts";
import { EXIT, UsageError } from "./usage.ts";

/** The flags of these commands. */
export interface RunsFlags extends StorageFlags {
  /** JSON instead of text. */
  readonly json?: boolean;
  /** Whether nothing is asked. */
  readonly yes?: boolean;
  /** Whether colours are allowed. */
  readonly color?: boolean;
}

/**
 * Lists the workflows of a storage, each with its latest run, newest first.
 *
 * @param flags The flags.
 * @returns The exit code.
 */
export async function listRuns(flags: RunsFlags): Promise<number> {
  const { out } = streamsOf();
  return await withStorage(flags, async (storage) => {
    const damaged: Error[] = [];
    const found = await findAll(storage, (error) => damaged.push(error));
    if (flags.json) {
      for (const one of found) out.write(`${jsonLine(plainOf(one))}\n`);
    } else if (found.length === 0) {
      process.stderr.write("There are no runs\n");
    } else {
      writeTable(found, styleOf(out, flags.color));
    }
    for (const { message } of damaged) {
      process.stderr.write(`${toLine(message)}\n`);
    }
    return damaged.length > 0 ? EXIT.failed : EXIT.ok;
  });
}

function writeTable(found: readonly Found[], style: Style): void {
  const { out } = streamsOf();
  const [heading, ...lines] = table([
    ["WORKFLOW", "RUN", "STATUS", "DONE", "WHEN", "OWNER"],
    ...found.map(({ record, time, done, total, owner }) => [
      record.workflowId,
      record.runId,
      record.status,
      `${done}/${total}`,
      whenOf(time),
      owner ?? "",
    ]),
  ]);
  out.write(`${style.dim(heading)}\n`);
  for (const line of lines) out.write(`${line}\n`);
}

/**
 * Shows the latest run of a workflow with its tasks.
 *
 * @param workflowId The workflow.
 * @param flags The flags.
 * @returns The exit code.
 */
export async function showRun(
  workflowId: string,
  flags: RunsFlags,
): Promise<number> {
  const { out } = streamsOf();
  return await withStorage(flags, async (storage) => {
    const found = await mustFind(storage, workflowId);
    const { time, record, owner } = found;
    const tasks = await readTasks(storage, record);
    if (flags.json) {
      const named = tasks.map((task) => ({
        ...task,
        errors: task.errors.map(errorOf),
      }));
      out.write(`${jsonLine({ ...plainOf(found), tasks: named })}\n`);
      return EXIT.ok;
    }
    const style = styleOf(out, flags.color);
    const head: [string, string | undefined][] = [
      ["workflow", record.workflowId],
      ["run", record.runId],
      ["status", record.status],
      ["when", whenOf(time)],
      ["mode", record.mode],
      ["owner", owner],
    ];
    for (const [name, value] of head) {
      if (value === undefined) continue;
      out.write(`${style.dim(name.padEnd(9))}${escapeControls(value)}\n`);
    }
    for (const task of tasks) out.write(`${taskLine(task, style)}\n`);
    return EXIT.ok;
  });
}

function taskLine(task: KeptTask, style: Style): string {
  const id = escapeControls(task.task_id);
  const error = task.errors.at(-1);
  switch (task.status) {
    case "Completed":
      return `${style.green("✓")} ${id}: ` +
        (task.result === undefined ? "" : valueOf(task.result));
    case "Failed":
      return `${style.red("✗")} ${id}: ` +
        toLine(`${error!.exception}: ${error!.message}`) +
        style.dim(` (${count(task.errors.length, "attempt")})`);
    default:
      return `${style.dim("·")} ${id}`;
  }
}

/**
 * Removes all runs of a workflow. On a terminal it asks first.
 *
 * @param workflowId The workflow.
 * @param flags The flags.
 * @returns The exit code.
 */
export async function clearRuns(
  workflowId: string,
  flags: RunsFlags,
): Promise<number> {
  return await withStorage(flags, async (storage) => {
    const { record, owner } = await mustFind(storage, workflowId);
    if (!flags.yes && !await confirm(record)) return EXIT.usage;
    if (owner !== undefined) {
      const name = escapeControls(owner);
      process.stderr.write(`Waiting to see whether its owner lives: ${name}\n`);
    }
    const config = new Config({ storage, log: [] });
    await new DotFlow({ workflowId, config }).clear();
    process.stderr.write(`Cleared ${describe(workflowId)}\n`);
    return EXIT.ok;
  });
}

async function confirm({ workflowId, runs }: RunRecord): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new UsageError(
      `Cannot ask whether to clear ${describe(workflowId)}: give --yes`,
    );
  }
  const kept = count(runs.length, "run");
  const answer = await ask(
    `Remove ${kept} of ${describe(workflowId)} for good? [y/N] `,
  );
  return /^y(es)?$/i.test(answer ?? "");
}

function plainOf({ record, time, done, total, owner }: Found) {
  return {
    workflow_id: record.workflowId,
    run_id: record.runId,
    status: record.status,
    mode: record.mode,
    done,
    total,
    time: time.toISOString(),
    owner: owner ?? null,
  };
}

function whenOf(time: Date): string {
  return time.toISOString().replace("T", " ").slice(0, 19) + "Z";
}

async function withStorage(
  flags: StorageFlags,
  use: (storage: Storage) => Promise<number>,
): Promise<number> {
  const storage = await openLasting(flags);
  try {
    return await use(storage);
  } finally {
    await storage.close?.();
  }
}
