/**
 * A run drawn as a flowchart of Mermaid.
 *
 * @see https://mermaid.js.org/syntax/flowchart.html
 * @module
 */

import type { Task } from "../task.ts";
import type { TaskStatus } from "../status.ts";
import { STATUS_SYMBOL } from "../status.ts";
import type { Mode } from "./options.ts";
import { groupBy } from "./plan.ts";

/** What would mean something to Mermaid, or to the HTML that it makes. */
const SPECIAL = /[^\p{L}\p{N}\p{M} _.,:/()-]/gu;

/** Colours that can be read on light and on dark pages. */
const CLASSES: Partial<Record<TaskStatus, string>> = {
  "In progress": "fill:#dbeafe,stroke:#1d4ed8,color:#111827",
  "Completed": "fill:#dcfce7,stroke:#15803d,color:#111827",
  "Retry": "fill:#fef3c7,stroke:#b45309,color:#111827",
  "Failed": "fill:#fee2e2,stroke:#b91c1c,color:#111827",
};

/**
 * Draws tasks: a box for each, an arrow where one task's result goes to the
 * next, a dotted arrow where one group only waits for another, and a frame
 * around each of several groups.
 *
 * @param tasks The tasks, in the order of `add`.
 * @param mode The mode that they are run in.
 * @returns The text of the flowchart.
 */
export function toMermaid(tasks: readonly Task[], mode: Mode): string {
  const boxes = new Map(tasks.map((task, index) => [task, `t${index + 1}`]));
  const groups = [...groupBy(tasks, ({ groupName }) => groupName)];
  const lines = ["flowchart LR"];
  let before: Task | undefined;
  for (const [index, [name, members]] of groups.entries()) {
    const isFramed = groups.length > 1;
    if (isFramed) lines.push(`subgraph g${index + 1}["${escape(name)}"]`);
    for (const task of members) {
      lines.push(`${boxes.get(task)}["${label(task)}"]${classOf(task)}`);
    }
    if (mode !== "parallel") {
      const chain = members.map((task) => boxes.get(task));
      if (chain.length > 1) lines.push(chain.join(" --> "));
    }
    if (isFramed) lines.push("end");
    if (before !== undefined && !mode.startsWith("parallel")) {
      lines.push(`${boxes.get(before)} -.-> ${boxes.get(members[0])}`);
    }
    before = members.at(-1);
  }
  const used = new Set(tasks.map(({ status }) => status));
  for (const [status, style] of Object.entries(CLASSES)) {
    if (used.has(status as TaskStatus)) {
      lines.push(`classDef ${className(status)} ${style}`);
    }
  }
  return lines.join("\n");
}

function label(task: Task): string {
  const { status, taskId, duration, retryCount, restored } = task;
  const facts: string[] = [];
  if (restored) facts.push("restored");
  else if (duration > 0) facts.push(inWords(duration));
  if (retryCount > 0) facts.push(`${retryCount + 1} attempts`);
  const name = `${STATUS_SYMBOL[status]} ${escape(taskId)}`;
  return facts.length > 0 ? `${name}<br/>${facts.join(", ")}` : name;
}

function inWords(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

function classOf({ status }: Task): string {
  return status in CLASSES ? `:::${className(status)}` : "";
}

function className(status: string): string {
  return status.toLowerCase().replace(" ", "_");
}

/** Names may be any text: what is special becomes the code of its character. */
function escape(text: string): string {
  return text.replace(SPECIAL, (c) => `#${c.codePointAt(0)};`);
}
