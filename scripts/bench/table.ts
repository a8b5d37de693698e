/**
 * The table of figures, printed row by row as they come.
 *
 * @module
 */

import type { Figures, Target } from "./measure.ts";

/** A row of the table. */
export interface Row {
  /** What was measured. */
  name: string;
  /** The unit of the figures. */
  unit: string;
  /** The figures; those of a thing without a floor are only its own. */
  figures: Partial<Figures> & Pick<Figures, "ours">;
  /** What must hold. */
  target: Target | undefined;
}

const WIDTHS = [-58, 11, 11, 8, 10, 6];

/** Prints the heads of the columns. */
export function printHeads(title: string): void {
  print([title, "floor", "ours", "ratio", "target", ""]);
}

/**
 * Prints a row.
 *
 * @param row The row.
 * @returns Whether it is not over its target.
 */
export function printRow({ name, unit, figures, target }: Row): boolean {
  const { floor, ours } = figures;
  const ok = target === undefined || isMet(target, figures);
  print([
    name,
    floor === undefined ? "" : `${short(floor)} ${unit}`,
    `${short(ours)} ${unit}`,
    floor === undefined ? "" : `${short(ours / floor)}×`,
    target === undefined ? "" : describe(target, unit),
    target === undefined ? "" : ok ? "ok" : "over",
  ]);
  return ok;
}

function isMet(
  { kind, most }: Target,
  { floor = NaN, ours }: Row["figures"],
): boolean {
  if (kind === "ratio") return ours / floor <= most;
  return (kind === "more" ? ours - floor : ours) <= most;
}

function describe({ kind, most }: Target, unit: string): string {
  if (kind === "ratio") return `≤ ${most}×`;
  return `≤ ${kind === "more" ? "+" : ""}${most} ${unit}`;
}

/** Three digits that count. */
function short(value: number): string {
  return value >= 100 ? Math.round(value).toString() : value.toPrecision(3);
}

function print(cells: readonly string[]): void {
  const line = cells.map((cell, column) => {
    const width = WIDTHS[column];
    return width < 0 ? cell.padEnd(-width) : cell.padStart(width);
  });
  console.log(line.join(" ").trimEnd());
}
