/**
 * Everything that is measured in a running workflow.
 *
 * @module
 */

import { ON_BUCKETS } from "./buckets.ts";
import { ON_FILES } from "./files.ts";
import type { Benchmark } from "./measure.ts";
import { IN_MEMORY } from "./memory.ts";
import { WATCHED } from "./watchers.ts";

/** The benchmarks. */
export const BENCHMARKS: readonly Benchmark[] = [
  ...IN_MEMORY,
  ...WATCHED,
  ...ON_FILES,
  ...ON_BUCKETS,
];
