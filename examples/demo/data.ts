/**
 * The public data that the npm package `vega-datasets` ships.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import "vega-datasets"; // An import is what makes Deno download the package.

/** The package lets nobody import its files, so they are found beside it. */
const FOLDER = new URL("../data/", import.meta.resolve("vega-datasets"));

/** Reads a JSON file. */
export async function readJson<T>(
  name: string,
  signal: AbortSignal,
): Promise<T> {
  return JSON.parse(await readText(name, signal));
}

/** Reads a CSV file: an object for each row, its keys from the first line. */
export async function readCsv(
  name: string,
  signal: AbortSignal,
): Promise<Record<string, string>[]> {
  const lines = (await readText(name, signal)).trim().split(/\r?\n/);
  const [names, ...rows] = lines.map(splitLine);
  return rows.map((row) =>
    Object.fromEntries(names.map((name, column) => [name, row[column]]))
  );
}

function readText(name: string, signal: AbortSignal): Promise<string> {
  return readFile(new URL(name, FOLDER), { encoding: "utf8", signal });
}

/** Splits at commas, but for those between quotation marks. */
function splitLine(line: string): string[] {
  return Array.from(
    line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g),
    ([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare,
  );
}
