/**
 * Steps and callbacks that are given as strings.
 *
 * @module
 */

import { ImportModuleError } from "../errors.ts";

/**
 * Imports what a string such as `./steps.ts#extract` or `./steps.ts:extract`
 * names. Relative paths start at the working directory.
 *
 * @param specifier The module and, behind `#` or `:`, the name of the export.
 * @returns What the module exports under that name.
 * @throws {ImportModuleError} If there is no such module or export.
 */
export async function importAttribute(specifier: string): Promise<unknown> {
  const parts = /^(.+)[#:]([^#:/\\]+)$/.exec(specifier);
  if (parts === null) {
    throw new ImportModuleError(
      specifier,
      'it names no export; write "./steps.ts#name"',
    );
  }
  const [, path, name] = parts;
  let module: Record<string, unknown>;
  try {
    module = await import(await toUrl(path));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ImportModuleError(specifier, reason, { cause });
  }
  if (!Object.hasOwn(module, name)) {
    const names = Object.keys(module).join(", ") || "nothing";
    throw new ImportModuleError(
      specifier,
      `the module does not export ${JSON.stringify(name)}, but ${names}`,
    );
  }
  return module[name];
}

async function toUrl(path: string): Promise<string> {
  if (!/^(\.{0,2}[/\\]|[a-z]:[/\\])/i.test(path)) return path;
  // Only the operating system knows where the working directory is.
  const { pathToFileURL } = await import("node:url");
  return pathToFileURL(path).href;
}
