/**
 * Judges a workflow that was killed again and again by what its processes wrote
 * down outside of its storage. A process writes these lines:
 *
 * - `start RUN TASK ATTEMPT EPOCH PREVIOUS TOKEN`: a step of the owner EPOCH
 *   begins, and was given the result TOKEN of the task PREVIOUS (`-` where there
 *   was none)
 * - `effect RUN TASK TOKEN`: it has done its work, and is about to return it
 * - `done RUN TASK TOKEN DIGEST`: the task has completed; nothing may undo that
 * - `failed RUN TASK`: its last attempt has failed
 * - `result RUN TASK TOKEN DIGEST`: what the ended workflow gives as its result
 * - `end RUN STATUS`
 *
 * A TOKEN is made anew whenever a step does its work, so that a result that was
 * made twice is seen to be another one.
 *
 * @module
 */

import assert from "node:assert/strict";

/** What must hold for the workflow. */
export interface Rules {
  /** All tasks that have results in the end. */
  tasks: readonly string[];
  /** How many tasks may be under way at once. */
  concurrency: number;
}

/** A step that began. */
export interface Start {
  /** Its task. */
  task: string;
  /** The owner that began it. */
  epoch: number;
}

/** What one run was seen to do. */
export class RunLedger {
  /** Tokens of what is known to be committed. */
  readonly committed: Map<string, string> = new Map();
  /** Every step that began. */
  readonly starts: Start[] = [];
  /** Whether it was seen to end. */
  ended = false;
  /** How often a task was begun again that a kill had cut off. */
  repeats = 0;
  readonly #runId: string;
  readonly #rules: Rules;
  readonly #begun = new Set<string>();
  readonly #effects = new Map<string, Set<string>>();
  readonly #digests = new Map<string, string>();
  #underWay = new Map<string, number>();
  /** The last owner whose process has died. */
  #dead = -1;

  constructor(runId: string, rules: Rules) {
    this.#runId = runId;
    this.#rules = rules;
  }

  /** The process was killed, and another one goes on. */
  die(): void {
    this.#underWay = new Map();
    this.#dead = this.starts.at(-1)?.epoch ?? this.#dead;
  }

  start({ task, epoch }: Start, attempt: number): void {
    assert.ok(epoch > this.#dead, `${task} began under a dead owner's epoch`);
    this.starts.push({ task, epoch });
    assert.ok(!this.committed.has(task), `${task} ran again: it had completed`);
    assert.equal(attempt, (this.#underWay.get(task) ?? 0) + 1, `${task} began`);
    if (attempt === 1 && this.#begun.has(task)) this.repeats++;
    this.#begun.add(task);
    this.#underWay.set(task, attempt);
    const { concurrency } = this.#rules;
    assert.ok(this.#underWay.size <= concurrency, `${task} is one too many`);
  }

  given(task: string, token: string): void {
    if (task !== "-") this.#commit(task, token);
  }

  effect(task: string, token: string): void {
    assert.ok(this.#underWay.has(task), `${task} did something, not begun`);
    const tokens = this.#effects.get(task) ?? new Set();
    this.#effects.set(task, tokens.add(token));
  }

  done(task: string, token: string, digest: string): void {
    assert.ok(this.#underWay.delete(task), `${task} ended, not begun`);
    this.#commit(task, token, digest);
  }

  failed(task: string): void {
    assert.ok(this.#underWay.delete(task), `${task} failed, not begun`);
    this.#begun.delete(task);
  }

  result(task: string, token: string, digest: string): void {
    this.#commit(task, token, digest);
  }

  end(): void {
    assert.equal(this.#underWay.size, 0, "tasks were under way at the end");
    for (const task of this.#rules.tasks) {
      assert.ok(this.committed.has(task), `${task} has lost its result`);
    }
    this.ended = true;
  }

  /**
   * Whoever sees a result sees the same one. It need not be the one that was
   * made last: what a dead process has sent may arrive late, but only once.
   */
  #commit(task: string, token: string, digest?: string): void {
    const known = this.committed.get(task) ?? token;
    assert.equal(token, known, `${task} of ${this.#runId} changed its result`);
    assert.ok(this.#effects.get(task)?.has(token), `nobody made ${token}`);
    this.committed.set(task, token);
    if (digest === undefined) return;
    const before = this.#digests.get(task) ?? digest;
    assert.equal(digest, before, `${task} changed a part of its result`);
    this.#digests.set(task, digest);
  }
}

/** What all processes of a workflow were seen to do. */
export class Ledger {
  /** The runs, in the order in which they were first seen. */
  readonly runs: Map<string, RunLedger> = new Map();
  readonly #rules: Rules;
  #latest = "";

  constructor(rules: Rules) {
    this.#rules = rules;
  }

  /** How often tasks were begun again. */
  get repeats(): number {
    return [...this.runs.values()].reduce((sum, run) => sum + run.repeats, 0);
  }

  /**
   * Takes in what one process wrote, up to its death.
   *
   * @param lines Its lines.
   * @throws {AssertionError} When a rule is broken.
   */
  add(lines: readonly string[]): void {
    for (const run of this.runs.values()) run.die();
    for (const line of lines) {
      const [kind, runId, ...words] = line.split(" ");
      if (runId === undefined) continue;
      const run = this.#run(runId);
      const [task, two, three, four, five] = words;
      if (kind === "start") {
        run.start({ task, epoch: Number(three) }, Number(two));
        run.given(four, five);
      } else if (kind === "effect") run.effect(task, two);
      else if (kind === "done") run.done(task, two, three);
      else if (kind === "failed") run.failed(task);
      else if (kind === "result") run.result(task, two, three);
      else if (kind === "end") run.end();
      else assert.fail(`cannot read the line ${JSON.stringify(line)}`);
    }
  }

  /** No run begins before the latest one has ended, and none comes back. */
  #run(runId: string): RunLedger {
    let run = this.runs.get(runId);
    if (run === undefined) {
      const unfinished = this.runs.get(this.#latest)?.ended === false;
      assert.ok(!unfinished, `${this.#latest} was lost: another run begins`);
      run = new RunLedger(runId, this.#rules);
      this.runs.set(runId, run);
      this.#latest = runId;
    }
    assert.equal(runId, this.#latest, "an earlier run came back");
    return run;
  }
}
