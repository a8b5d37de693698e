/**
 * Checks that the checks of the house can fail: each is shown a fault that was
 * planted for it, and the same without the fault.
 *
 * @module
 */

import { join } from "node:path";
import { findUnsafe } from "../build_dashboard.ts";
import { checkGraph, type Packages } from "../check_graph.ts";
import { findProblems } from "../check_layers.ts";
import { readSource, type Source } from "../read_source.ts";
import { compareSizes, type Row, toTable } from "../size.ts";

/** A fault: the text of a file, and what is to be said of it. */
type Planted = readonly [text: string, problems: readonly string[]];

const LAYERS: readonly Planted[] = [
  ['const a = () => import("redis");', []],
  ['const NAME = "redis";\nconst a = () => import(NAME);', [
    "providers/planted.ts:2: write out what is imported, so that it can be " +
    "checked",
  ]],
  ["const a = (n: string) => import(`node:${n}`);", [
    "providers/planted.ts:1: write out what is imported, so that it can be " +
    "checked",
  ]],
  ['import "jsr:@a/b";', [
    'providers/planted.ts:1: "jsr:@a/b" cannot be loaded everywhere: use an ' +
    "npm package",
  ]],
  ['import "../src/dotflow.ts";', [
    "providers/planted.ts:1: providers/planted.ts may not import src/dotflow.ts",
  ]],
  ["Deno.exit();", [
    "providers/planted.ts:1: Deno does not exist in the other runtimes",
  ]],
];

const GRAPH: readonly Planted[] = [
  ['import { a } from "one"; a(import("two"));', []],
  ['import { a } from "two"; a(import("two"));', [
    "./planted: loads two now, not one",
  ]],
  ['import { a } from "one"; a();', [
    "./planted: loads no package later, not two",
  ]],
  ['import { a } from "one"; a(import("two"), import("three"));', [
    "./planted: loads three, two later, not two",
  ]],
];

const UNSAFE: readonly Planted[] = [
  ["element.textContent = text; setStyle(element, { left });", []],
  ["element.innerHTML = text;", [
    '"innerHTML" could make more than text of a text',
  ]],
  ['<p style="color: red">', [
    '"style=" could make more than text of a text',
  ]],
];

const ROWS: readonly Row[] = [["`a`", "20.0", "", ""], [
  "`b`",
  "+ 9.0",
  "",
  "",
]];

const SIZES: readonly [told: readonly Row[], problems: readonly string[]][] = [
  [ROWS, []],
  [[["`a`", "20.6", "", ""], ROWS[1]], []],
  [[["`a`", "21.0", "", ""], ROWS[1]], [
    "README.md: `a` is 20.0   KB",
    "Run deno task size --write",
  ]],
  [[ROWS[0]], [
    "README.md: `b` is + 9.0   KB",
    "Run deno task size --write",
  ]],
  [[...ROWS, ["`c`", "+ 1.0", "", ""]], [
    "README.md: there is no `c` any more",
    "Run deno task size --write",
  ]],
];

/**
 * Plants the faults.
 *
 * @returns What was not found, or found where it is not, a line each.
 */
export async function checkPlanted(): Promise<string[]> {
  const folder = await Deno.makeTempDir();
  try {
    const wrong: string[] = [];
    const judge = (
      what: unknown,
      found: string[],
      wanted: readonly string[],
    ) => {
      if (found.join("\n") === wanted.join("\n")) return;
      wrong.push(`Of ${JSON.stringify(what)} is said: ${found.join("; ")}`);
    };
    for (const [text, wanted] of LAYERS) {
      judge(text, findProblems(await readPlanted(folder, text)), wanted);
    }
    const packages: Packages = { now: ["one"], later: ["two"] };
    for (const [text, wanted] of GRAPH) {
      await Deno.writeTextFile(join(folder, "planted.ts"), text);
      const files = { "./planted": "./planted.ts" };
      const found = await checkGraph(folder, files, { "./planted": packages });
      judge(text, found, wanted);
    }
    for (const [text, wanted] of UNSAFE) {
      judge(text, findUnsafe(text), wanted);
    }
    for (const [told, wanted] of SIZES) {
      judge(told, compareSizes(toTable(told), ROWS), wanted);
    }
    return wrong;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A core without a fault, and a provider with this text. */
async function readPlanted(
  folder: string,
  text: string,
): Promise<Map<string, Source>> {
  const path = join(folder, "planted.ts");
  await Deno.writeTextFile(path, text);
  const empty: Source = { lines: 1, imports: [], opaque: [], globals: [] };
  return new Map([
    ["mod.ts", empty],
    ["providers/planted.ts", await readSource(path)],
  ]);
}
