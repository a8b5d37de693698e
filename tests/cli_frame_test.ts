import fc from "fast-check";
import assert from "node:assert/strict";
import { compose, type Row } from "../cli/report/frame.ts";
import { styleOf, widthOf } from "../cli/style.ts";
import { test } from "./harness.ts";

const NEEDS = { needs: ["processes"] } as const;

const text = fc.string({ unit: "grapheme", maxLength: 60 });
const row: fc.Arbitrary<Row> = fc.record({
  id: fc.oneof(
    text,
    fc.constantFrom("a\x1b[2J", "line\nline", "漢字漢字漢字", "🎉🎉"),
  ),
  state: fc.constantFrom(
    ...[
      "waiting",
      "running",
      "retry",
      "completed",
      "restored",
      "failed",
    ] as const,
  ),
  attempt: fc.integer({ min: 1, max: 9 }),
  startedMs: fc.nat(10_000),
  durationMs: fc.nat(10_000_000),
  fraction: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), {
    nil: undefined,
  }),
  detail: text,
});

test("the live display never leaves its terminal", NEEDS, () => {
  const style = styleOf({ isTTY: false, write() {} });
  fc.assert(fc.property(
    fc.array(row, { maxLength: 40 }),
    fc.integer({ min: 1, max: 120 }),
    fc.integer({ min: 1, max: 50 }),
    (rows, columns, height) => {
      const view = { rows, startedMs: 0, nowMs: 20_000 };
      const lines = compose(view, { columns, rows: height }, style);
      assert.ok(lines.length <= Math.max(1, height - 1));
      for (const line of lines) {
        assert.ok(widthOf(line) <= Math.max(1, columns - 1), line);
        assert.doesNotMatch(line, /\p{Cc}/u);
      }
    },
  ));
});

test(
  "the live display shows what runs and what failed before the rest",
  NEEDS,
  () => {
    const style = styleOf({ isTTY: false, write() {} });
    fc.assert(fc.property(
      fc.array(row, { maxLength: 40 }),
      fc.integer({ min: 4, max: 50 }),
      (some, height) => {
        const rows = some.map((each, index) => ({
          ...each,
          id: `task-${index}.`,
        }));
        const view = { rows, startedMs: 0, nowMs: 20_000 };
        const lines = compose(view, { columns: 200, rows: height }, style);
        const isShown = ({ id }: Row) =>
          lines.some((line) => line.includes(id));
        const first = rows.filter(({ state }) =>
          state === "running" || state === "retry" || state === "failed"
        );
        const shown = rows.filter(isShown);
        const wanted = Math.min(first.length, height - 3);
        assert.ok(first.filter(isShown).length >= wanted);
        const hidden = rows.length - shown.length;
        assert.equal(
          lines.some((line) => line === `  … ${hidden} more`),
          hidden > 0,
        );
      },
    ));
  },
);
