/**
 * What waits to be told of one run, in order.
 *
 * @module
 */

import type { Message } from "./send.ts";

/** Something that waits. */
export interface Entry {
  /** What is to be sent. */
  readonly message: Message;
  /** The task whose state it is, where a newer state takes its place. */
  readonly taskId: string | undefined;
  /** Where that task stands. */
  readonly status: string | undefined;
}

/** The lane of one run. */
export class Lane {
  /** By number, oldest first. */
  readonly #waiting: Map<number, Entry> = new Map();
  /** The number of the state of each task that waits. */
  readonly #states: Map<string, number> = new Map();
  /** What is on its way, and so waits no longer for a newer state. */
  #sending: number | undefined;
  /** Grows when another takes over: the one before has no say any more. */
  turn = 0;
  /** What failed last, and how often it did while others got through. */
  #failed = { number: 0, answered: 0, times: 0 };
  /** Until when who is at work will have shown that he is still there. */
  aliveMs = -Infinity;
  /** Resolves when who is at work has stopped. */
  done: Promise<void> = Promise.resolve();

  /** Whether nothing waits. */
  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  /** The number of the oldest that waits; Infinity: nothing does. */
  get oldest(): number {
    for (const number of this.#waiting.keys()) return number;
    return Infinity;
  }

  /**
   * Takes something in: at the end, in place of an older state of its task. A
   * state that differs in nothing but how far the task is keeps its place, so
   * that it gets there however often it changes.
   *
   * @param entry What.
   * @param number Its number, above all earlier ones.
   * @returns What it has taken the place of.
   */
  add(entry: Entry, number: number): Entry | undefined {
    const { taskId } = entry;
    const before = taskId === undefined ? undefined : this.#states.get(taskId);
    const old = before === undefined ? undefined : this.#waiting.get(before);
    const stays = old?.status === entry.status && before !== undefined;
    if (before !== undefined && !stays) this.#waiting.delete(before);
    const place = stays ? before : number;
    this.#waiting.set(place, entry);
    if (taskId !== undefined) this.#states.set(taskId, place);
    return old;
  }

  /**
   * Takes hold of the oldest.
   *
   * @returns Its number, and what it is.
   */
  hold(): [number: number, entry: Entry] {
    const [first] = this.#waiting;
    this.#sending = first[0];
    this.#forget(first[1], first[0]);
    return first;
  }

  /** Lets go of what was held, so that it will be held again. */
  release(): void {
    this.#sending = undefined;
  }

  /**
   * Takes something out.
   *
   * @param number Its number.
   * @returns What it was; undefined where it is gone.
   */
  remove(number: number): Entry | undefined {
    const entry = this.#waiting.get(number);
    if (entry === undefined) return undefined;
    this.#waiting.delete(number);
    this.#forget(entry, number);
    if (this.#sending === number) this.#sending = undefined;
    return entry;
  }

  /**
   * Takes out what is oldest and not on its way.
   *
   * @returns What it was; undefined where there is nothing.
   */
  removeOldest(): Entry | undefined {
    for (const number of this.#waiting.keys()) {
      if (number !== this.#sending) return this.remove(number);
    }
    return undefined;
  }

  /**
   * Takes note that something failed.
   *
   * @param number Its number.
   * @param answered How many messages the API has dealt with so far.
   * @returns How often it failed again, while others got through meanwhile.
   */
  fail(number: number, answered: number): number {
    const before = this.#failed;
    const isAgain = before.number === number;
    const times = isAgain && answered > before.answered
      ? before.times + 1
      : isAgain
      ? before.times
      : 0;
    this.#failed = { number, answered, times };
    return times;
  }

  #forget({ taskId }: Entry, number: number): void {
    if (taskId !== undefined && this.#states.get(taskId) === number) {
      this.#states.delete(taskId);
    }
  }
}
