/**
 * The pipeline: three questions at once, then one report.
 *
 * @module
 */

import { type Config, DotFlow } from "@dotflow/dotflow";
import { countDelays, delaysByDistance, delaysByHour } from "./delays.ts";
import { drawStates, readMap } from "./map.ts";
import { writeChart, writeTable } from "./report.ts";
import { locateAirports, rankAirports, readRoutes } from "./traffic.ts";

/**
 * Three groups of steps. Groups run at the same time, the steps of a group one
 * after another, each with what the one before gave.
 */
export function questions(config: Config): DotFlow {
  const workflow = new DotFlow({ workflowId: "flights", config });
  workflow.task
    .add(readRoutes, { groupName: "traffic" })
    .add(locateAirports, { groupName: "traffic" })
    .add(rankAirports, { groupName: "traffic" })
    .add(countDelays, { groupName: "delays" })
    .add(delaysByHour, { groupName: "delays" })
    .add(delaysByDistance, { groupName: "delays" })
    .add(readMap, { groupName: "map" })
    .add(drawStates, { groupName: "map" });
  return workflow;
}

/**
 * No context crosses from one group to another. What needs the results of all
 * three is a workflow of its own, and gets them as its input.
 */
export function report(config: Config): DotFlow {
  const workflow = new DotFlow({ workflowId: "flights-report", config });
  workflow.task
    .add(writeTable, { groupName: "report" })
    .add(writeChart, { groupName: "report" });
  return workflow;
}
