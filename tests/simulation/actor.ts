/**
 * Who does something in a virtual world, and what the judge knows of it.
 *
 * @module
 */

import type { Context } from "@dotflow/dotflow";
import type { Node } from "./node.ts";

/** One call of `start` or `clear`, or the hand that deletes things. */
export class Actor {
  /** Whether its node was held, or its wall clock set. */
  shaken = false;
  /** How many requests of its went wrong, or took long. */
  troubles = 0;
  /** Whether it has resolved or rejected. */
  ended = false;
  /** Its claim, once it is applied. */
  claim: Claim | undefined;
  /** How often somebody else wrote the record since it began. */
  foreign = 0;

  constructor(
    readonly name: string,
    /** Where it happens; the hand is nowhere. */
    readonly node: Node | undefined,
    /** How long it waits for another owner, where that was said. */
    readonly wait?: number,
  ) {}

  /** Whether anything has gone wrong for it. */
  get troubled(): boolean {
    return this.shaken || this.troubles > 0;
  }
}

/** A record version that names another owner than the one before. */
export interface Claim {
  readonly actor: Actor;
  readonly epoch: number;
  readonly ownerId: string;
  readonly runId: string;
  readonly at: number;
  /** How many requests of the actor had gone wrong by then. */
  readonly troubles: number;
  /** Which record object it is in: a deleted one begins anew. */
  readonly era: number;
}

/** What a step gives; what it says of itself tells every execution apart. */
export interface Value {
  readonly run: string;
  /** What does not depend on who ran it, and when. */
  readonly out: number;
  /** Which execution this was. */
  readonly execution: number;
}

/** The value of a task: of a class step, that of its last method. */
export function valueOf({ storage }: Context): Value | undefined {
  return storage && lastOf(storage);
}

/** The value of a task, as it is stored. */
export function lastOf(storage: Value | readonly Context<Value>[]): Value {
  if (!Array.isArray(storage)) return storage as Value;
  return storage[storage.length - 1].storage;
}

/** What a step is asked by the judge. */
export interface Step {
  /** The name of the task, or of a method of its. */
  readonly name: string;
  readonly runId: string;
  readonly taskId: string;
  readonly epoch: number;
  readonly attempt: number;
}
