/**
 * What the live display shows at one moment, as lines.
 *
 * @module
 */

import { fit, formatDuration, type Style } from "../style.ts";

/** Where a task stands on the display. */
export type RowState =
  | "waiting"
  | "running"
  | "retry"
  | "completed"
  | "restored"
  | "failed";

/** A task on the display. */
export interface Row {
  /** The task. */
  readonly id: string;
  /** Where it stands. */
  readonly state: RowState;
  /** Which attempt is made, from 1. */
  readonly attempt: number;
  /** When it started, by the clock of the display; 0: not yet. */
  readonly startedMs: number;
  /** How long it took, once it has ended. */
  readonly durationMs: number;
  /** How far it is, from 0 to 1. */
  readonly fraction: number | undefined;
  /** Its progress or error, in words. */
  readonly detail: string;
}

/** All that is shown. */
export interface View {
  /** The tasks in order. */
  readonly rows: readonly Row[];
  /** When the run started, by the clock of the display. */
  readonly startedMs: number;
  /** Now, by the same clock. */
  readonly nowMs: number;
}

/** How much room there is. */
export interface Size {
  /** How many columns. */
  readonly columns: number;
  /** How many rows. */
  readonly rows: number;
}

const SPINNER = Array.from("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏");
const SPINNER_MS = 100;
const WIDEST_BAR = 30;

/** Which tasks are shown first where there is not room for all. */
const FIRST: readonly RowState[] = ["running", "retry", "failed"];

/**
 * Composes the display: a line for each task, or for as many as there is room
 * for, those that run and those that failed first; then the bar of the run.
 *
 * @param view What is shown.
 * @param size How much room there is.
 * @param style The colours.
 * @returns Fewer lines than there are rows, each narrower than the columns.
 */
export function compose(view: View, size: Size, style: Style): string[] {
  // A full last column or row would make the terminal wrap or scroll.
  const columns = Math.max(1, size.columns - 1);
  const room = Math.max(1, size.rows - 1) - 1;
  const shown = choose(view.rows, room);
  const lines = shown.map((row) => rowLine(row, view.nowMs, columns, style));
  const hidden = view.rows.length - shown.length;
  if (hidden > 0 && room > 0) {
    lines.push(style.dim(fit(`  … ${hidden} more`, columns)));
  }
  return [...lines, barLine(view, columns, style)];
}

/** Leaves a line for telling of the others. */
function choose(rows: readonly Row[], room: number): readonly Row[] {
  if (rows.length <= room) return rows;
  const free = Math.max(0, room - 1);
  const chosen = new Set<Row>();
  const take = (some: readonly Row[]) => {
    for (const row of some) if (chosen.size < free) chosen.add(row);
  };
  for (const state of FIRST) take(rows.filter((row) => row.state === state));
  const isEnded = ({ state }: Row) =>
    state === "completed" || state === "restored";
  take(rows.filter(isEnded).slice(-free));
  take(rows);
  return rows.filter((row) => chosen.has(row));
}

function rowLine(
  row: Row,
  nowMs: number,
  columns: number,
  style: Style,
): string {
  const { id, state, attempt, startedMs, durationMs, detail } = row;
  const isRunning = state === "running" || state === "retry";
  const took = isRunning ? nowMs - startedMs : durationMs;
  const parts = [id];
  if (state === "restored") parts.push("restored");
  else if (startedMs > 0) parts.push(formatDuration(took));
  if (attempt > 1) parts.push(`attempt ${attempt}`);
  if (isRunning && row.fraction !== undefined) {
    parts.push(`${Math.round(row.fraction * 100)} %`);
  }
  if (detail !== "") parts.push(detail);
  if (columns < 3) return fit(id, columns);
  return `${symbolOf(state, nowMs, style)} ${
    fit(parts.join("  "), columns - 2)
  }`;
}

function symbolOf(state: RowState, nowMs: number, style: Style): string {
  const turn = SPINNER[Math.floor(nowMs / SPINNER_MS) % SPINNER.length];
  switch (state) {
    case "waiting":
      return style.dim("·");
    case "running":
      return style.cyan(turn);
    case "retry":
      return style.yellow(turn);
    case "failed":
      return style.red("✗");
    default:
      return style.green("✓");
  }
}

function barLine(view: View, columns: number, style: Style): string {
  const { rows, startedMs, nowMs } = view;
  const failed = rows.filter(({ state }) => state === "failed").length;
  const ended = rows.filter((row) => isOver(row)).length;
  const part = rows.reduce(
    (sum, row) => sum + (isOver(row) ? 1 : row.fraction ?? 0),
    0,
  );
  const told = `${ended}/${rows.length}` +
    (failed > 0 ? `, ${failed} failed` : "") +
    `, ${formatDuration(nowMs - startedMs)}`;
  const width = Math.min(WIDEST_BAR, columns - told.length - 1);
  if (width < 5) return fit(told, columns);
  const share = rows.length === 0 ? 0 : part / rows.length;
  const full = Math.min(width, Math.floor(share * width));
  const paint = failed > 0 ? style.red : style.green;
  const bar = paint("█".repeat(full)) + style.dim("░".repeat(width - full));
  return `${bar} ${told}`;
}

function isOver({ state }: Row): boolean {
  return state === "completed" || state === "restored" || state === "failed";
}
