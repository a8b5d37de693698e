/**
 * Prints how much of `src/` the tests reach in Deno, by lines, and fails when
 * it is less than it has to be.
 *
 * @module
 */

import { join, relative } from "node:path";
import { BUILD, mustRun, ROOT } from "./process.ts";
import { startServices } from "./suite/services.ts";
import { TOOLS_LOCK } from "./tools.ts";

const REQUIRED = 0.95;

/** Lines of a file: how many there are, and how many were reached. */
interface FileCoverage {
  path: string;
  found: number;
  hit: number;
}

async function main(): Promise<boolean> {
  const folder = join(BUILD, "coverage");
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  const stopServices = await startServices();
  await mustRun("deno", [
    "test",
    "-A",
    "--no-check",
    "--node-modules-dir=auto",
    TOOLS_LOCK,
    `--coverage=${folder}`,
    join(ROOT, "tests"),
  ]).finally(stopServices);
  const report = join(BUILD, "coverage.lcov");
  await mustRun("deno", [
    "coverage",
    "--lcov",
    `--output=${report}`,
    `--include=^file://${ROOT}/src/`,
    folder,
  ]);
  const files = readLcov(await Deno.readTextFile(report));
  for (const file of files) print(file);
  const total = {
    path: "src/",
    found: files.reduce((sum, { found }) => sum + found, 0),
    hit: files.reduce((sum, { hit }) => sum + hit, 0),
  };
  print(total);
  if (total.hit >= REQUIRED * total.found) return true;
  console.error(`Cannot accept less than ${REQUIRED * 100} % of lines`);
  return false;
}

function readLcov(text: string): FileCoverage[] {
  return text.split("end_of_record").map((record) => {
    const field = (name: string) =>
      new RegExp(`^${name}:(.*)$`, "m").exec(record)?.[1] ?? "";
    return {
      path: relative(ROOT, field("SF")),
      found: Number(field("LF")),
      hit: Number(field("LH")),
    };
  }).filter(({ found }) => found > 0);
}

function print({ path, found, hit }: FileCoverage): void {
  const percent = (100 * hit / found).toFixed(1).padStart(5);
  console.log(`${percent} %  ${String(hit).padStart(4)}/${found}  ${path}`);
}

if (import.meta.main && !await main()) Deno.exit(1);
