/**
 * Prints how big the core is, minified and compressed, and how much each
 * provider alone adds to it.
 *
 * ```sh
 * deno task size
 * deno task size --write   # writes the table into README.md
 * deno task size --check   # fails where the table there is out of date
 * ```
 *
 * @module
 */

import { join, normalize } from "node:path/posix";
import { parseArgs } from "node:util";
import { bundle } from "./bundle.ts";
import { readExports } from "./check_exports.ts";
import { PACKAGES } from "./check_graph.ts";
import { mustRun, ROOT } from "./process.ts";
import { loadEsbuild } from "./tools.ts";

const README = join(ROOT, "README.md");
const [BEGIN, END] = ["<!-- sizes -->", "<!-- /sizes -->"];

/** By how much a figure in the table may be off: compressors differ a little. */
const TOLERANCE = 0.03;
/** What rounding may do besides, in KB. */
const ROUNDING = 0.1;

/** What only Node can load is no part of a bundle. */
const UNBUNDLED = ["redis"];

const HEADS = ["Import", "KB", "With its packages", "Installed by you"];

/** A line of the table: what is imported, its figures, and what else it needs. */
export type Row = readonly [
  name: string,
  own: string,
  whole: string,
  later: string,
];

/**
 * Measures everything.
 *
 * @returns The lines of the table.
 */
async function measure(): Promise<Row[]> {
  const { ".": main, ...rest } = readExports();
  const core = await bundle([main]);
  const rows: Row[] = [["`@dotflow/dotflow`", core.size.toFixed(1), "", ""]];
  for (const [subpath, file] of Object.entries(rest)) {
    // The defaults are in the core, and the contracts are for tests.
    if (core.files.includes(normalize(file))) continue;
    if (!/^\.\/(providers|server)/.test(subpath)) continue;
    const { now, later } = PACKAGES[subpath] ?? { now: [], later: [] };
    const packages = [...now, ...later];
    const bundled = packages.filter((name) => !UNBUNDLED.includes(name));
    const own = await bundle([main, file], packages);
    const whole = await bundle([main, file], UNBUNDLED);
    rows.push([
      `\`…${subpath.slice(1)}\``,
      more(own.size - core.size),
      bundled.length === 0
        ? ""
        : `${more(whole.size - core.size)} (${list(bundled)})`,
      list(later),
    ]);
  }
  return rows;
}

function more(size: number): string {
  return `+ ${size.toFixed(1)}`;
}

function list(packages: readonly string[]): string {
  return packages.map((name) => `\`${name}\``).join(", ");
}

/** The table, as `deno fmt` would have it. */
export function toTable(rows: readonly Row[]): string {
  const all = [HEADS, ...rows];
  const widths = HEADS.map((_, column) =>
    Math.max(...all.map((row) => row[column].length))
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, n) => cell.padEnd(widths[n])).join(" | ")} |`;
  const [heads, ...body] = all.map(line);
  return [heads, line(widths.map((width) => "-".repeat(width))), ...body]
    .join("\n");
}

/**
 * Compares the table of the README with what is measured.
 *
 * @returns What is wrong, a line each.
 */
export async function checkSizes(): Promise<string[]> {
  const table = splitReadme()?.[1];
  if (table === undefined) return [`README.md: no ${BEGIN} and ${END}`];
  return compareSizes(table, await measure());
}

/**
 * Compares a table with what is measured.
 *
 * @param table The table.
 * @param rows What is measured.
 * @returns What is wrong, a line each.
 */
export function compareSizes(table: string, rows: readonly Row[]): string[] {
  const told = new Map(
    table.trim().split("\n").slice(2).map((line) => {
      const [, name, ...cells] = line.split("|").map((cell) => cell.trim());
      return [name, cells];
    }),
  );
  const problems = rows.filter(([name, ...cells]) => {
    const found = told.get(name);
    told.delete(name);
    return !cells.every((cell, n) => isNear(found?.[n], cell));
  }).map(([name, ...cells]) => `README.md: ${name} is ${cells.join(" ")} KB`);
  for (const name of told.keys()) {
    problems.push(`README.md: there is no ${name} any more`);
  }
  if (problems.length > 0) problems.push("Run deno task size --write");
  return problems;
}

/** Whether two cells say the same, but for a little in the figure. */
function isNear(told: string | undefined, measured: string): boolean {
  if (told === undefined) return false;
  const figure = /\d+\.\d/;
  const [a, b] = [told, measured].map((cell) => Number(figure.exec(cell)));
  return told.replace(figure, "") === measured.replace(figure, "") &&
    Math.abs(a - b) <= b * TOLERANCE + ROUNDING;
}

/** What stands before the table, the table, and what stands behind it. */
function splitReadme(): [string, string, string] | undefined {
  const text = Deno.readTextFileSync(README);
  const begin = text.indexOf(BEGIN) + BEGIN.length;
  const end = text.indexOf(END);
  if (begin < BEGIN.length || end < begin) return undefined;
  return [text.slice(0, begin), text.slice(begin, end), text.slice(end)];
}

async function main(): Promise<boolean> {
  const { values: { check, write } } = parseArgs({
    args: Deno.args,
    options: { check: { type: "boolean" }, write: { type: "boolean" } },
  });
  if (check) {
    const problems = await checkSizes();
    for (const problem of problems) console.error(problem);
    return problems.length === 0;
  }
  const table = toTable(await measure());
  console.log(table);
  if (!write) return true;
  const parts = splitReadme();
  if (parts === undefined) {
    console.error(`Cannot write to README.md: it has no ${BEGIN} and ${END}`);
    return false;
  }
  const [before, , after] = parts;
  await Deno.writeTextFile(README, `${before}\n\n${table}\n\n${after}`);
  await mustRun("deno", ["fmt", "-q", README]);
  return true;
}

if (import.meta.main) {
  const ok = await main();
  await loadEsbuild().then(({ stop }) => stop());
  if (!ok) Deno.exit(1);
}
