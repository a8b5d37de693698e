/**
 * Chooses the faults of requests.
 *
 * @module
 */

import type { Fault, FaultKind, FaultPlan, Match } from "./api.ts";
import { makeRandom } from "../effort.ts";

/** What random faults are, where the plan does not say: those that end. */
const KINDS: readonly FaultKind[] = [
  "500",
  "503",
  "429",
  "409",
  "reset",
  "commit-500",
  "commit-reset",
  "late",
  "truncated",
  "slow",
  "garbage",
];

const FOR_WRITES: readonly FaultKind[] = [
  "409",
  "commit-500",
  "commit-reset",
  "commit-hang",
  "late",
];

/** What a choice depends on. */
export interface Candidate {
  /** The HTTP method. */
  method: string;
  /** The operation. */
  op: string;
  /** The key. */
  key?: string;
  /** Whether it may write something. */
  write: boolean;
}

/** Chooses by a plan, and counts. */
export class FaultPicker {
  #plan: FaultPlan;
  #ruleCounts: number[];
  #randomCount = 0;
  #seen = new Map<string, number>();

  /**
   * Begins a plan.
   *
   * @param plan Which requests have faults.
   */
  constructor(plan: FaultPlan) {
    this.#plan = plan;
    this.#ruleCounts = (plan.rules ?? []).map(() => 0);
  }

  /**
   * Chooses the fault of the next request.
   *
   * @param candidate The request.
   * @returns Its fault, if it has one.
   */
  pick(candidate: Candidate): Fault | undefined {
    const { rules = [], rate = 0, match = {} } = this.#plan;
    let found: Fault | undefined;
    rules.forEach((rule, index) => {
      if (!fits(rule.match, candidate)) return;
      const count = ++this.#ruleCounts[index];
      if (rule.match.nth !== undefined && rule.match.nth !== count) return;
      found ??= asFault(rule.fault);
    });
    if (found !== undefined) {
      return applies(found, candidate) ? found : undefined;
    }
    if (rate <= 0 || !fits(match, candidate)) return undefined;
    if (match.nth !== undefined && match.nth !== ++this.#randomCount) {
      return undefined;
    }
    return this.#draw(candidate, rate);
  }

  #draw(candidate: Candidate, rate: number): Fault | undefined {
    const { seed = 1, kinds = KINDS } = this.#plan;
    const name = JSON.stringify([candidate.op, candidate.key]);
    const count = (this.#seen.get(name) ?? 0) + 1;
    this.#seen.set(name, count);
    const random = makeRandom(seed, name, count);
    if (random(1) >= rate) return undefined;
    const able = kinds.map(asFault).filter((fault) =>
      applies(fault, candidate)
    );
    return able[Math.floor(random(able.length))];
  }
}

function asFault(fault: FaultKind | Fault): Fault {
  return typeof fault === "string" ? { kind: fault } : fault;
}

function applies({ kind }: Fault, { write }: Candidate): boolean {
  return write || !FOR_WRITES.includes(kind);
}

function fits(
  { method, op, key }: Match,
  candidate: Candidate,
): boolean {
  if (method !== undefined && method !== candidate.method) return false;
  if (op !== undefined && op !== candidate.op) return false;
  if (key === undefined) return true;
  return key.startsWith("*")
    ? candidate.key?.endsWith(key.slice(1)) === true
    : candidate.key === key;
}
