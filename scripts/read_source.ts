/**
 * Reads out of a TypeScript file what the check of layers asks about.
 *
 * @module
 */

import { loadTypescript } from "./tools.ts";

/** One import or re-export. */
export interface Import {
  /** What is imported, as written. */
  specifier: string;
  /** Its line, from 1. */
  line: number;
  /** Whether only types are imported, so that nothing is left of it. */
  typeOnly: boolean;
  /** Whether it is a call, `import("…")`. */
  dynamic: boolean;
}

/** What a file says. */
export interface Source {
  /** How many lines it has. */
  lines: number;
  /** What it imports. */
  imports: Import[];
  /** The lines of calls of `import` that do not say of what. */
  opaque: number[];
  /** The identifiers `Deno` and `Bun` in it. */
  globals: { name: string; line: number }[];
}

/**
 * Reads a file.
 *
 * @param path Its path.
 * @returns What it says.
 */
export async function readSource(path: string): Promise<Source> {
  const { default: ts } = await loadTypescript();
  const text = await Deno.readTextFile(path);
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest);
  const source: Source = {
    lines: text.trimEnd().split("\n").length,
    imports: [],
    opaque: [],
    globals: [],
  };
  type Node = typeof file | Parameters<typeof ts.isIdentifier>[0];
  const lineOf = (node: Node) =>
    file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
  const add = (node: Node, target: Node | undefined, typeOnly: boolean) => {
    if (target === undefined || !ts.isStringLiteralLike(target)) return;
    source.imports.push({
      specifier: target.text,
      line: lineOf(node),
      typeOnly,
      dynamic: ts.isCallExpression(node),
    });
  };
  const visit = (node: Node): void => {
    if (ts.isImportDeclaration(node)) {
      add(node, node.moduleSpecifier, node.importClause?.isTypeOnly ?? false);
    } else if (ts.isExportDeclaration(node)) {
      add(node, node.moduleSpecifier, node.isTypeOnly);
    } else if (
      ts.isCallExpression(node) &&
      node.expression.kind === ts.SyntaxKind.ImportKeyword
    ) {
      const [target] = node.arguments;
      if (ts.isStringLiteralLike(target)) add(node, target, false);
      else source.opaque.push(lineOf(node));
    } else if (
      ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)
    ) {
      add(node, node.argument.literal, true);
    } else if (ts.isIdentifier(node) && /^(Deno|Bun)$/.test(node.text)) {
      source.globals.push({ name: node.text, line: lineOf(node) });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return source;
}
