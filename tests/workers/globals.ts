/** Tells which globals, and which handlers of the process, a run changes. */

import process from "node:process";

/** What could be replaced, by name. */
function look(): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    // Some are made only when they are asked for, and some cannot be read.
    try {
      found.set(name, (globalThis as Record<string, unknown>)[name]);
    } catch {
      continue;
    }
  }
  for (const [name, value] of Object.entries(console)) {
    found.set(`console.${name}`, value);
  }
  for (const event of ["unhandledRejection", "uncaughtException", "SIGINT"]) {
    found.set(`on ${event}`, process.listenerCount(event));
  }
  // A global SDK of OpenTelemetry hangs on such a symbol.
  const symbols = Object.getOwnPropertySymbols(globalThis).map(String);
  found.set("symbols", symbols.filter((name) => !/dotflow/.test(name)).join());
  return found;
}

// With the first CommonJS package, Deno itself makes some of Node's globals.
await import("@opentelemetry/api");
const before = look();
const { action, DotFlow } = await import("@dotflow/dotflow");
await import("@dotflow/dotflow/providers");
const workflow = new DotFlow();
workflow.task.add(action(() => 1));
await workflow.start();
const changed = [...look()].filter(([name, value]) =>
  !Object.is(before.get(name), value)
).map(([name]) => name);
console.log(`changed: ${changed.join() || "nothing"}`);
