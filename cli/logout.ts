/**
 * `dotflow logout`: forgets the server.
 *
 * @module
 */

import process from "node:process";
import { readCloudConfig, writeCloudConfig } from "../src/cloud_config.ts";
import { EXIT } from "./usage.ts";

/**
 * Forgets the server of `dotflow login`; what else its file holds stays.
 *
 * @returns The exit code.
 */
export async function logout(): Promise<number> {
  const known = await readCloudConfig();
  if (known === undefined) {
    process.stderr.write("Nobody is logged in\n");
    return EXIT.ok;
  }
  await writeCloudConfig(undefined);
  process.stderr.write("Logged out\n");
  return EXIT.ok;
}
