/**
 * Measures one benchmark, in a process of its own, and prints the figures as
 * JSON: what other benchmarks did to the optimizer does not count.
 *
 * @module
 */

import process from "node:process";
import { BENCHMARKS } from "./benchmarks.ts";
import { measure } from "./measure.ts";

const [name, repeat] = process.argv.slice(2);
const benchmark = BENCHMARKS.find((one) => one.name === name)!;
console.log(JSON.stringify(await measure(benchmark, Number(repeat))));
