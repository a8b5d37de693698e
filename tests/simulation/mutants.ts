/**
 * Faults planted in copies of the engine, each of which the simulation has to
 * catch.
 *
 * @module
 */

import { tempDir } from "../harness.ts";
import type { Engine } from "./storage.ts";

/** A fault, planted in a file under `src/run/`. */
export interface Mutant {
  /** What the faulty engine does. */
  readonly name: string;
  /** Whether it takes thousands of seeds to show. */
  readonly rare?: boolean;
  /** The file. */
  readonly file: string;
  /** What stands there once, and what replaces it. */
  readonly edits: readonly (readonly [from: string, to: string])[];
}

/** The faults. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: "writes the record without compare-and-swap",
    file: "record.ts",
    edits: [[
      "if (!atomicSwap) return this.#storage.post(this.#key, next);",
      "return (async () => { await this.#storage.post(this.#key, next); " +
      "return true; })();",
    ]],
  },
  {
    name: "takes over before the lease is over",
    file: "watch.ts",
    edits: [[
      "if (restMs <= 0) break",
      "if (restMs <= owner.leaseMs / 2) break",
    ]],
  },
  {
    name: "never takes over from a dead owner",
    file: "watch.ts",
    edits: [[
      "if (restMs <= 0) break",
      "if (restMs <= 0) throw lockedBy(store.workflowId, owner)",
    ]],
  },
  {
    name: "watches by the owner's clock",
    file: "watch.ts",
    edits: [[
      "seenMs + owner.leaseMs - nowMs;",
      "owner.since + owner.leaseMs * (1 + record.renewals / 3) - Date.now();",
    ]],
  },
  {
    name: "counts the lease of another from before it has read",
    file: "watch.ts",
    edits: [
      [
        "record = await store.read();\n    if",
        "const sentMs = performance.now();\n" +
        "    record = await store.read();\n    if",
      ],
      ["seenMs = performance.now();\n    if", "seenMs = sentMs;\n    if"],
    ],
  },
  {
    name: "knows that an owner lives by the number of its renewals",
    file: "watch.ts",
    edits: [
      ["{ owner, nonce } = record", "{ owner, renewals } = record"],
      ["record?.nonce === nonce", "record?.renewals === renewals"],
    ],
  },
  {
    name: "starts tasks without a look at its lease",
    file: "ownership.ts",
    edits: [["return this.#restMs() > 0;", "return true;"]],
  },
  {
    name: "starts another attempt without a look at its lease",
    file: "local_runner.ts",
    edits: [[
      "if (!run.isOwner) await run.ownership!.confirm();\n" +
      "    if (run.stopped) return FAILED;\n    task.retryCount++;",
      "if (run.stopped) return FAILED;\n    task.retryCount++;",
    ]],
  },
  {
    name: "starts a method without a look at its lease",
    file: "local_runner.ts",
    edits: [[
      "if (!run.isOwner) await run.ownership!.confirm();\n" +
      "    if (run.stopped) return FAILED;\n    const value",
      "if (run.stopped) return FAILED;\n    const value",
    ]],
  },
  {
    name: "counts its lease from the answer",
    file: "ownership.ts",
    edits: [[
      "if (written) this.#renewed = sent!;",
      "if (written) this.#renewed = thisMoment();",
    ]],
  },
  {
    name: "relies on the whole lease",
    rare: true,
    file: "ownership.ts",
    edits: [["const RELIED_ON = 0.9;", "const RELIED_ON = 1;"]],
  },
  {
    name: "forgets that a machine may sleep",
    file: "ownership.ts",
    edits: [["wallMs - this.#renewed.wallMs,", "0,"]],
  },
  {
    name: "trusts the wall clock alone",
    file: "ownership.ts",
    edits: [["monotonicMs - this.#renewed.monotonicMs,", "0,"]],
  },
  {
    name: "does not renew in time",
    file: "ownership.ts",
    edits: [["leaseMs / 3, async", "leaseMs * 2, async"]],
  },
  {
    name: "ignores that a renewal is answered by no",
    file: "ownership.ts",
    edits: [[
      "if (this.#ended || (answered && renewed)) return;",
      "if (answered) this.#renewed = thisMoment();\n" +
      "    if (this.#ended || answered) return;",
    ]],
  },
  {
    name: "does not raise the epoch",
    file: "claim.ts",
    edits: [["epoch: epoch + 1,", "epoch,"]],
  },
  {
    name: "forgets the epoch when it clears",
    file: "retention.ts",
    edits: [["epoch: record.epoch + 1,", "epoch: 0,"]],
  },
  {
    name: "removes the record when it clears",
    file: "retention.ts",
    edits: [[
      "if (!await store.write(tombstone)) continue;",
      "await storage.delete!(`${store.workflowId}/_run`);",
    ]],
  },
  {
    name: "clears what somebody owns",
    file: "retention.ts",
    edits: [["await whenFree(watch);", "await store.read();"]],
  },
  {
    name: "reads checkpoints before it claims",
    file: "open.ts",
    edits: [[
      "return take(opening, run, claim, changes ? draft : undefined, async () => {\n" +
      "    await restore(run);\n  });",
      "return restore(run).then(() =>\n" +
      "    take(opening, run, claim, changes ? draft : undefined, async () => {}));",
    ]],
  },
  {
    name: "keeps the run id when it begins anew",
    file: "open.ts",
    edits: [[
      "const runId = opening.settings.runId ?? crypto.randomUUID();",
      "const runId = record?.runId || crypto.randomUUID();",
    ]],
  },
  {
    name: "overwrites checkpoints",
    file: "checkpoints.ts",
    edits: [[
      "const written = storage.atomicSwap\n",
      "const written = !storage\n",
    ]],
  },
  {
    name: "does not give the workflow back at the end",
    file: "execute.ts",
    edits: [["owner: null,\n      runs", "runs"]],
  },
  {
    name: "does not give the workflow back after a failure",
    file: "ownership.ts",
    edits: [[
      "this.owns(record) ? { ...record, owner: null } : undefined",
      "this.owns(record) ? undefined : undefined",
    ]],
  },
  {
    name: "gives back what another owns",
    file: "ownership.ts",
    edits: [[
      "this.owns(record) ? { ...record, owner: null } : undefined",
      "({ ...record, owner: null })",
    ]],
  },
  {
    name: "writes its end into a record that another owns",
    file: "execute.ts",
    edits: [[
      "ownership ? ownership.owns(record) : record.runId",
      "record.runId",
    ]],
  },
  {
    name: "takes every owner of its own process for dead",
    file: "owner.ts",
    edits: [["return !live.has(id);", "return true;"]],
  },
];

const SOURCES = ["mod.ts", "src", "providers"];

/**
 * Plants a fault in a copy of the engine.
 *
 * @param mutant The fault.
 * @returns The copy.
 */
export async function plant({ file, edits }: Mutant): Promise<Engine> {
  const { cp, readFile, writeFile } = await import("node:fs/promises");
  const { join } = await import("node:path");
  const folder = await tempDir();
  for (const name of SOURCES) {
    const source = new URL(`../../${name}`, import.meta.url);
    await cp(source, join(folder, name), { recursive: true });
  }
  const path = join(folder, "src/run", file);
  let source = await readFile(path, "utf8");
  for (const [from, to] of edits) {
    const parts = source.split(from);
    if (parts.length !== 2) {
      throw new Error(`Cannot plant a fault in ${file}: it has changed`);
    }
    source = parts.join(to);
  }
  await writeFile(path, source);
  return await import(`file://${folder}/mod.ts`);
}
