/**
 * Writes a line every few milliseconds until it is killed; throws at once when
 * told to `fail`.
 *
 * @module
 */

import process from "node:process";
import { runtime } from "../harness.ts";

if (process.argv[2] === "fail") throw new Error("planned");
for (let tick = 0;; tick++) {
  console.log(`tick ${tick} in ${runtime} ${process.argv[2]}`);
  await new Promise((resolve) => setTimeout(resolve, 10));
}
