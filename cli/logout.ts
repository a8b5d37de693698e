/**
 * `dotflow logout`: forgets the server.
 *
 * @module
 */

import process from "node:process";
import { hasCloudConfig, writeCloudConfig } from "../src/cloud_config.ts";
import { EXIT } from "./usage.ts";

/**
 * Forgets the server of `dotflow login`; what else its file holds stays.
 *
 * @returns The exit code.
 * @throws {InvalidOptionError} If the file holds something else than settings.
 */
export async function logout(): Promise<number> {
  // A section that lacks something may have a token all the same.
  if (!await hasCloudConfig()) {
    process.stderr.write("Nobody is logged in\n");
    return EXIT.ok;
  }
  await writeCloudConfig(undefined);
  process.stderr.write("Logged out\n");
  return EXIT.ok;
}
