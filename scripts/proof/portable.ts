/**
 * Workflows that wander from runtime to runtime, in every order.
 *
 * @module
 */

import {
  bundleCrashWorker,
  compareBytes,
  journeyOnFiles,
  journeyOnS3,
  type Stop,
} from "../suite/journey.ts";
import { checkAsTest, type TestResult } from "../suite/result.ts";

const COURSES = ["sequential", "parallel", "parallel_group"];

/** Most of the time, journeys wait for leases. */
const AT_ONCE = 3;

/**
 * Has every course wander through the runtimes, in every order.
 *
 * @returns One outcome for each.
 */
export async function provePortable(): Promise<TestResult[]> {
  await bundleCrashWorker();
  const checks: [name: string, check: () => Promise<void>][] = [
    ["all runtimes write the same bytes to S3", compareBytes],
  ];
  for (const course of COURSES) {
    const go = (
      storage: string,
      wander: (course: string, stops: readonly Stop[]) => Promise<void>,
      stops: readonly Stop[],
    ) => {
      const way = stops.join(" to ");
      const name = `a ${course} run on ${storage} goes from ${way}`;
      checks.push([name, () => wander(course, stops)]);
    };
    for (const stops of ordersOf(["deno", "node", "bun"])) {
      go("files", journeyOnFiles, stops);
    }
    for (const stops of ordersOf(["deno", "node", "bun", "workerd"])) {
      go("S3", journeyOnS3, stops);
    }
  }
  const results: TestResult[] = [];
  const lane = async () => {
    for (let next = checks.shift(); next; next = checks.shift()) {
      results.push(await checkAsTest(...next));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return results;
}

function ordersOf(stops: readonly Stop[]): Stop[][] {
  if (stops.length === 0) return [[]];
  return stops.flatMap((first) =>
    ordersOf(stops.filter((stop) => stop !== first))
      .map((rest) => [first, ...rest])
  );
}
