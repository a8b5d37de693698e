/**
 * Checks the export map of deno.json both ways: every export is a file, and
 * every provider has its export, under its own name in kebab-case.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { VERSION } from "../cli/version.ts";
import { ROOT } from "./process.ts";

const FIXED = {
  ".": "./mod.ts",
  "./cli": "./cli/mod.ts",
  "./testing": "./testing/mod.ts",
  "./server": "./server/mod.ts",
  "./providers": "./providers/mod.ts",
};

/**
 * Reads the export map.
 *
 * @returns Files by subpath.
 */
export function readExports(): Record<string, string> {
  const config = Deno.readTextFileSync(join(ROOT, "deno.json"));
  return JSON.parse(config).exports;
}

/**
 * Lists the files directly in `providers/`, one provider each.
 *
 * @returns Their names.
 */
export function listProviders(): string[] {
  return [...Deno.readDirSync(join(ROOT, "providers"))]
    .filter(({ isFile, name }) => isFile && name !== "mod.ts")
    .map(({ name }) => name).sort();
}

/**
 * Checks the export map.
 *
 * @returns What is wrong, a line each.
 */
export function checkExports(): string[] {
  const actual = readExports();
  const wanted: Record<string, string> = { ...FIXED };
  for (const name of listProviders()) {
    const subpath = basename(name, ".ts").replaceAll("_", "-");
    wanted[`./providers/${subpath}`] = `./providers/${name}`;
  }
  const subpaths = new Set([...Object.keys(wanted), ...Object.keys(actual)]);
  const problems: string[] = [];
  for (const subpath of subpaths) {
    const [file, found] = [wanted[subpath], actual[subpath]];
    if (found === undefined) {
      problems.push(`deno.json: no export "${subpath}" for ${file}`);
    } else if (file === undefined) {
      problems.push(`deno.json: export "${subpath}" has no place: ${found}`);
    } else if (found !== file) {
      problems.push(`deno.json: export "${subpath}" is ${found}, not ${file}`);
    } else if (!existsSync(join(ROOT, found))) {
      problems.push(`deno.json: export "${subpath}" is missing: ${found}`);
    }
  }
  return problems;
}

/**
 * Checks that the command line tells the version that is published.
 *
 * @returns What is wrong, a line each.
 */
export function checkVersion(): string[] {
  const config = Deno.readTextFileSync(join(ROOT, "deno.json"));
  const { version } = JSON.parse(config);
  return version === VERSION ? [] : [
    `cli/version.ts: it says ${VERSION}, but deno.json says ${version}`,
  ];
}
