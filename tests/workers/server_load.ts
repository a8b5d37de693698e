/**
 * Measures the server under load: `SECONDS RATE FOLDER`, and prints the figures.
 *
 * @module
 */

import process from "node:process";
import { measureLoad } from "../server_load.ts";

const [seconds, rate, path] = process.argv.slice(2);
const figures = await measureLoad({
  seconds: Number(seconds),
  rate: Number(rate),
  path,
});
console.log(JSON.stringify(figures));
process.exit(0);
