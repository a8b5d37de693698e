import assert from "node:assert/strict";
import fc from "fast-check";
import { EventParser } from "../dashboard/event_stream.ts";
import { formatDuration } from "../dashboard/format.ts";
import { readRoute, toRuns, toTask } from "../dashboard/route.ts";
import { runKey, RunsModel } from "../dashboard/runs_model.ts";
import { placeOf, ticksOf, toScale } from "../dashboard/scale.ts";
import { segmentsOf } from "../dashboard/tasks_model.ts";
import type { RunSummary, TaskSummary } from "../src/wire.ts";
import { test } from "./harness.ts";

const NOW = Date.parse("2026-11-28T12:00:00.000Z");
const STATUSES = ["In progress", "Completed", "Failed"] as const;

test("dashboard: a stream of events is read alike, however it is cut", () => {
  const event = fc.record({
    name: fc.constantFrom("run", "task", "reset"),
    lines: fc.array(fc.string().filter((text) => !/[\r\n]/.test(text)), {
      minLength: 1,
    }),
    end: fc.constantFrom("\n", "\r\n"),
  });
  fc.assert(fc.property(
    fc.array(event),
    fc.array(fc.nat({ max: 12 })),
    (events, cuts) => {
      const text = events.map(({ name, lines, end }, n) =>
        [": heartbeat", `id: ${n}`, `event: ${name}`]
          .concat(lines.map((line) => `data: ${line}`), "", "").join(end)
      ).join("");
      const parser = new EventParser();
      const found = [];
      let at = 0;
      for (const cut of cuts) {
        found.push(...parser.take(text.slice(at, at + cut)));
        at += cut;
      }
      found.push(...parser.take(text.slice(at)));
      assert.deepEqual(
        found,
        events.map(({ name, lines }) => ({ name, data: lines.join("\n") })),
      );
      if (events.length > 0) {
        assert.equal(parser.lastId, String(events.length - 1));
      }
    },
  ));
});

test("dashboard: the list holds what its filters want, newest first", () => {
  const told = fc.record({
    id: fc.nat({ max: 12 }),
    status: fc.constantFrom(...STATUSES),
    hours: fc.nat({ max: 40 }),
    page: fc.boolean(),
  });
  const filters = fc.record({
    status: fc.constantFrom("", ...STATUSES),
    text: fc.constantFrom("", "RUN-1", "flow", "nothing"),
    time: fc.constantFrom("", "24h"),
  });
  fc.assert(fc.property(fc.array(told), filters, (all, filters) => {
    const model = new RunsModel(filters);
    const wanted = new Map<string, RunSummary>();
    const isWanted = ({ status, run_id, started_at }: RunSummary) =>
      (filters.status === "" || status === filters.status) &&
      `flow ${run_id}`.includes(filters.text.toLowerCase()) &&
      (filters.time === "" || Date.parse(started_at) >= NOW - 86_400_000);
    for (const [n, { id, status, hours, page }] of all.entries()) {
      const run = toRun(id, status, hours, n);
      // A page of the server has what is wanted only.
      if (page && isWanted(run)) model.addPage([run], false);
      else model.hear(run, NOW);
      if (isWanted(run)) wanted.set(runKey(run), run);
      else wanted.delete(runKey(run));
    }
    const sorted = [...wanted.values()].sort((a, b) =>
      Date.parse(b.started_at) - Date.parse(a.started_at) ||
      (runKey(a) < runKey(b) ? -1 : 1)
    );
    assert.deepEqual(model.runs, sorted);
  }));
});

test("dashboard: an event is not undone by an older page", () => {
  const model = new RunsModel({ status: "", text: "", time: "" });
  model.hear(toRun(1, "Completed", 0, 2), NOW);
  model.addPage([toRun(1, "In progress", 0, 1)], false);
  assert.equal(model.runs[0].status, "Completed");
});

test("dashboard: runs older than what is loaded come with their page", () => {
  const model = new RunsModel({ status: "", text: "", time: "" });
  model.addPage([toRun(1, "Completed", 1, 1)], true);
  model.hear(toRun(2, "Completed", 5, 2), NOW);
  model.hear(toRun(3, "Completed", 0, 3), NOW);
  assert.deepEqual(model.runs.map(({ run_id }) => run_id), ["run-3", "run-1"]);
});

test("dashboard: every place has an address of its own", () => {
  const part = fc.string({ minLength: 1 });
  fc.assert(fc.property(part, part, part, (workflow, run, task) => {
    const name = { workflow_id: workflow, run_id: run };
    const place = { view: "run", workflow, run, task };
    assert.deepEqual(readRoute(toTask(name, task)), place);
    const filters = { status: workflow, text: run, time: task };
    assert.deepEqual(readRoute(toRuns(filters)), { view: "runs", filters });
  }));
  fc.assert(fc.property(fc.string(), (hash) => void readRoute(`#${hash}`)));
});

test("dashboard: the parts of a bar follow each other, from start to end", () => {
  const failed = fc.array(fc.option(fc.nat({ max: 500 })), { maxLength: 8 });
  fc.assert(fc.property(
    failed,
    fc.constantFrom("In progress", "Retry", "Completed", "Failed"),
    (times, status) => {
      const sorted = [...times].sort((a, b) => (a ?? 0) - (b ?? 0));
      const task = {
        status,
        restored: false,
        started_at: new Date(NOW).toISOString(),
        finished_at: new Date(NOW + 600).toISOString(),
        failed_at: sorted.map((ms) =>
          ms === null ? null : new Date(NOW + ms).toISOString()
        ),
      } as unknown as TaskSummary;
      const segments = segmentsOf(task, NOW + 600);
      assert.equal(segments[0].from, NOW);
      for (const [n, { from, to }] of segments.entries()) {
        assert.ok(from <= to);
        if (n > 0) assert.equal(from, segments[n - 1].to);
      }
      const known = sorted.filter((ms) => ms !== null);
      const last = segments.at(-1)!;
      if (status === "Failed" && known.length > 0) {
        assert.equal(segments.length, known.length);
      } else {
        assert.equal(segments.length, known.length + 1);
        assert.equal(last.to, NOW + 600);
      }
    },
  ));
});

test("dashboard: an axis has as many ticks as there is room for", () => {
  const ms = fc.integer({ min: 1, max: 40 * 86_400_000 });
  fc.assert(fc.property(ms, fc.integer({ min: 2, max: 16 }), (length, room) => {
    const scale = toScale([NOW, NOW + length], room);
    const ticks = ticksOf(scale);
    assert.ok(ticks.length >= 1 && ticks.length <= room + 1);
    assert.equal(new Set(ticks.map(({ label }) => label)).size, ticks.length);
    assert.ok(placeOf(scale, NOW) === 0 && placeOf(scale, NOW + length) <= 100);
  }));
});

test("dashboard: durations are told as people do", () => {
  const told = [0, 0.42, 1, 12.34, 59.96, 61, 3_600, 7_380, 90_000, NaN];
  assert.deepEqual(told.map(formatDuration), [
    "0 ms",
    "420 ms",
    "1.0 s",
    "12.3 s",
    "1m 00s",
    "1m 01s",
    "1h 00m",
    "2h 03m",
    "1d 01h",
    "–",
  ]);
});

function toRun(
  id: number,
  status: RunSummary["status"],
  hours: number,
  version: number,
): RunSummary {
  const at = new Date(NOW - hours * 3_600_000).toISOString();
  return {
    workflow_id: "flow",
    run_id: `run-${id}`,
    workflow_name: "Flow",
    status,
    mode: null,
    resumed: false,
    started_at: at,
    finished_at: null,
    duration: null,
    updated_at: new Date(NOW + version).toISOString(),
    tasks: { total: 0, completed: 0, failed: 0, running: 0 },
  };
}
