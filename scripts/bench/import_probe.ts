/**
 * Prints how many milliseconds it takes to import the given module.
 *
 * @module
 */

import process from "node:process";

const [specifier] = process.argv.slice(2);
const start = performance.now();
await import(specifier);
console.log(performance.now() - start);
