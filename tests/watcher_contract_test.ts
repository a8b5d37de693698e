import { LogDefault } from "@dotflow/dotflow";
import {
  logContract,
  metricsContract,
  notifyContract,
  type SeenLine,
  tracerContract,
} from "@dotflow/dotflow/testing";
import assert from "node:assert/strict";
import { tempDir, test } from "./harness.ts";
import {
  benchOf,
  LogMemory,
  MetricsMemory,
  NotifyMemory,
  testWatcher,
  TracerMemory,
} from "./watcher_contract.ts";

testWatcher("a tracer of one's own", tracerContract, {
  open: () => benchOf(new TracerMemory()),
});

testWatcher("a log of one's own", logContract, {
  open: () => benchOf(new LogMemory()),
  traced: true,
});

testWatcher("metrics of one's own", metricsContract, {
  open: () => benchOf(new MetricsMemory()),
});

testWatcher("a notifier of one's own", notifyContract, {
  open: () => benchOf(new NotifyMemory()),
});

for (const format of ["json", "simple"] as const) {
  testWatcher(`LogDefault (${format})`, logContract, {
    needs: ["files"],
    traced: true,
    async open() {
      const { readFile, rm, mkdir } = await import("node:fs/promises");
      const path = `${await tempDir()}/lines`;
      const provider = new LogDefault({
        level: "DEBUG",
        output: "file",
        path,
        format,
      });
      return {
        provider,
        seen: async () => {
          const text = await readFile(path, "utf8");
          return text.trimEnd().split("\n").map(toSeen);
        },
        async break() {
          await rm(path, { force: true });
          await mkdir(path);
        },
      };
    },
  });
}

/** Reads a line of `LogDefault`, in either format. */
function toSeen(text: string): SeenLine {
  const level = /\b(DEBUG|INFO|WARNING|ERROR)\b/.exec(text)![0];
  const idOf = (name: string) =>
    new RegExp(`\\b${name}"?[=:]"?([0-9a-f]+)`).exec(text)?.[1];
  const [traceId, spanId] = [idOf("trace_id"), idOf("span_id")];
  const traceparent = traceId && `00-${traceId}-${spanId}-01`;
  return { level: level as SeenLine["level"], text, traceparent };
}

test("watcher contracts: every test has a name of its own", () => {
  for (
    const contract of [
      tracerContract,
      logContract,
      metricsContract,
      notifyContract,
    ]
  ) {
    const names = contract.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
  }
});
