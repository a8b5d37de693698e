/**
 * The user's settings of the remote API: section `cloud` of
 * `~/.dotflow/config.json`, which `dotflow login` writes and the reference
 * system reads as well.
 *
 * @module
 */

import { InvalidOptionError } from "./errors.ts";
import { parseObject } from "./http/said.ts";
import { configPath, isAllowed } from "./runtime.ts";

/** How the remote API is reached. */
export interface CloudConfig {
  /** The address of the API. */
  readonly baseUrl: string;
  /** What requests are authorized with: a secret. */
  readonly token: string;
}

/**
 * Reads the settings. Nobody is asked for a permission.
 *
 * @param path The file. @default That of the user
 * @returns The settings; undefined where there are none, or none that can be
 * read.
 */
export async function readCloudConfig(
  path: string | undefined = configPath(),
): Promise<CloudConfig | undefined> {
  if (path === undefined) return undefined;
  try {
    const text = await readText(path);
    const { cloud } = parseObject(text ?? "") ?? {};
    const { base_url: baseUrl, token } = Object(cloud);
    const isWhole = [baseUrl, token].every((part) =>
      typeof part === "string" && part !== ""
    );
    return isWhole ? { baseUrl, token } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Tells whether a file has settings that could be removed, whole or not.
 *
 * @param path The file. @default That of the user
 * @returns Whether it has; true also where it cannot be told.
 * @throws {Error} If the file cannot be read.
 */
export async function hasCloudConfig(
  path: string | undefined = configPath(),
): Promise<boolean> {
  const text = path && await readText(path);
  if (!text) return false;
  const object = parseObject(text);
  return object === undefined || Object.hasOwn(object, "cloud");
}

/**
 * Writes the settings, so that only the user can read them; what else is in the
 * file stays. It is replaced at once, never found half written.
 *
 * @param cloud The settings; undefined removes them.
 * @param path The file. @default That of the user
 * @returns The path of the file.
 * @throws {InvalidOptionError} If there is no home, or the file may not be read or
 * holds something else than a JSON object.
 * @throws {Error} If the file cannot be written.
 */
export async function writeCloudConfig(
  cloud: CloudConfig | undefined,
  path: string | undefined = configPath(),
): Promise<string> {
  if (path === undefined) {
    throw new InvalidOptionError(
      "Cannot find the home of the user: set HOME, and allow reading it",
    );
  }
  if (!isAllowed({ name: "read", path })) refuse(path, UNREADABLE);
  const before = await readText(path).catch((error) => {
    const { code } = error as { code?: string };
    const isDenied = code === "EACCES" || code === "EPERM";
    return isDenied ? refuse(path, UNREADABLE) : Promise.reject(error);
  });
  const { cloud: _, ...rest } = parseObject(before ?? "{}") ??
    refuse(path, "it holds no JSON object; repair or remove it");
  if (cloud === undefined && before === undefined) return path;
  const section = cloud && { base_url: cloud.baseUrl, token: cloud.token };
  const text = JSON.stringify({ ...rest, cloud: section }, null, 2) + "\n";
  const { chmod, mkdir, rename, rm, writeFile } = await import(
    "node:fs/promises"
  );
  const { dirname } = await import("node:path");
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const target = await targetOf(path);
  const fresh = `${target}.${crypto.randomUUID()}.tmp`;
  try {
    await writeFile(fresh, text, { mode: 0o600, flag: "wx" });
    await chmod(fresh, 0o600);
    await rename(fresh, target);
  } catch (error) {
    await rm(fresh, { force: true }).catch(() => {});
    throw error;
  }
  return path;
}

const UNREADABLE = "it may not be read; what else is in it would be lost";

function refuse(path: string, why: string): never {
  throw new InvalidOptionError(`Cannot change ${path}: ${why}`);
}

/** Where a link leads to; the file itself where it is none. */
async function targetOf(path: string): Promise<string> {
  const { readlink, realpath } = await import("node:fs/promises");
  const { dirname, resolve } = await import("node:path");
  try {
    return await realpath(path);
  } catch {
    // There is no file yet, but there may be a link to it.
    const link = await readlink(path).catch(() => undefined);
    return link === undefined ? path : resolve(dirname(path), link);
  }
}

async function readText(path: string): Promise<string | undefined> {
  if (!isAllowed({ name: "read", path })) return undefined;
  const { readFile } = await import("node:fs/promises");
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return undefined;
    throw error;
  }
}
