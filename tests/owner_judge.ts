/**
 * Judges workflows that many have run at the same time: by the history of what
 * was stored, and by what the steps wrote down outside of the storage.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Change } from "./shared.ts";
import { TASKS } from "./workers/owned_flow.ts";

/** What was counted in a history. */
export interface Story {
  /** Who owned the workflow, by epoch. */
  owners: Map<number, string>;
  /** How often it was taken from an owner who had not given it back. */
  takeovers: number;
  /** How often a lease was renewed. */
  renewals: number;
  /** What was committed, by task. */
  tokens: Map<string, string>;
}

/** A name for the tasks. */
export const TASK_IDS: readonly string[] = Array.from(
  { length: TASKS },
  (_, at) => `task-${at + 1}`,
);

/**
 * Judges the history of one workflow with one run: at every moment at most one
 * owner per epoch, and each result committed exactly once.
 *
 * @param id The workflow.
 * @param changes All changes.
 * @returns What was counted.
 * @throws {AssertionError} When a rule is broken.
 */
export function judgeHistory(id: string, changes: readonly Change[]): Story {
  const story: Story = {
    owners: new Map(),
    takeovers: 0,
    renewals: 0,
    tokens: new Map(),
  };
  // deno-lint-ignore no-explicit-any
  let record: any;
  const ids = new Map<number, string>();
  const nonces = new Set<string>();
  for (const { key, context } of changes) {
    if (!key.startsWith(`${id}/`)) continue;
    assert.ok(context, `${key} was removed`);
    if (key !== `${id}/_run`) {
      const [, runId, taskId] = key.split("/");
      assert.equal(runId, record?.runId, `${key}: another run`);
      assert.ok(!story.tokens.has(taskId), `${key} was written twice`);
      story.tokens.set(taskId, context.storage.token);
      continue;
    }
    const next = context.storage;
    const { epoch, owner, renewals, nonce } = next;
    const before = record ?? { ...next, epoch: 0, owner: null };
    assert.ok(!nonces.has(nonce), `the nonce ${nonce} came twice`);
    nonces.add(nonce);
    assert.equal(next.runId, before.runId, "a second run was begun");
    if (epoch === before.epoch) {
      const same = owner === null || owner.id === before.owner?.id;
      assert.ok(same, `epoch ${epoch} has a second owner: ${owner?.name}`);
      if (renewals > before.renewals) story.renewals++;
      else assert.equal(renewals, before.renewals, "renewals were taken back");
    } else {
      assert.equal(epoch, before.epoch + 1, "epochs go up one by one");
      assert.ok(owner, `epoch ${epoch} has no owner`);
      assert.ok(![...ids.values()].includes(owner.id), "an owner came back");
      ids.set(epoch, owner.id);
      story.owners.set(epoch, owner.name);
      if (before.owner !== null) story.takeovers++;
    }
    record = next;
  }
  assert.equal(record?.status, "Completed", `${id} was not finished`);
  assert.equal(record.owner, null, `${id} was not given back`);
  assert.deepEqual([...story.tokens.keys()].sort(), [...TASK_IDS].sort());
  return story;
}

/** A line of the ledger. */
export interface Line {
  /** What happened. */
  kind: string;
  /** The workflow. */
  id: string;
  /** Who did it. */
  who: string;
  /** The rest. */
  words: string[];
}

/**
 * Reads a ledger.
 *
 * @param path The file.
 * @returns Its lines.
 */
export async function readLedger(path: string): Promise<Line[]> {
  const { readFile } = await import("node:fs/promises");
  const text = await readFile(path, "utf8");
  assert.ok(text.endsWith("\n"), "the last line is whole");
  return text.trim().split("\n").map((line) => {
    const [kind, id, who, ...words] = line.split(" ");
    return { kind, id, who, words };
  });
}

/**
 * Judges what the steps of one workflow did: each step belongs to the owner of
 * the time, was given what was committed before it, and never begins again once
 * its result is known; whoever ended has the results that were committed.
 *
 * @param lines The lines of this workflow.
 * @param story What its history says.
 * @throws {AssertionError} When a rule is broken.
 */
export function judgeSteps(lines: readonly Line[], story: Story): void {
  const { owners, tokens } = story;
  const results = TASK_IDS.map((task) => tokens.get(task)).join();
  const effects = new Map<string, string[]>();
  let latest = 0;
  for (const { kind, who, words } of lines) {
    if (kind === "begin" || kind === "effect") {
      const [number, task, token] = words;
      const epoch = Number(number);
      assert.equal(owners.get(epoch), who, `${who} did not own epoch ${epoch}`);
      if (kind === "effect") {
        effects.set(task, [...effects.get(task) ?? [], token]);
        continue;
      }
      assert.ok(epoch >= latest, `${who} began ${task} after it lost epoch`);
      const place = TASK_IDS.indexOf(task);
      const previous = tokens.get(TASK_IDS[place - 1]) ?? "-";
      assert.equal(token, previous, `${task} was given another result`);
      const seen = epoch > latest ? [] : effects.get(task) ?? [];
      assert.deepEqual(seen, [], `${who} ran ${task} twice`);
      latest = epoch;
    } else if (kind === "ended" && words[0] === "Completed") {
      assert.equal(words[1], results, `${who} was given other results`);
    }
  }
  for (const [task, token] of tokens) {
    assert.ok(effects.get(task)?.includes(token), `${task} was never run`);
  }
}

/** How often steps did work that was not committed, or done already. */
export function repeatsIn(lines: readonly Line[]): number {
  return lines.filter(({ kind }) => kind === "effect").length - TASKS;
}
