/**
 * The instruments that runs and tasks are counted and timed with.
 *
 * @module
 */

import type { Counter, Histogram, MeterProvider } from "@opentelemetry/api";
import { SCOPE } from "./attributes.ts";

/** The upper bounds of the buckets, in seconds: from quick steps to long runs. */
const BOUNDARIES = [
  ...[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  ...[30, 60, 120, 300, 600, 1_800, 3_600],
];

/** The instruments of one provider. */
export interface Instruments {
  /** Whose they are. */
  readonly provider: MeterProvider;
  /** Counts runs. */
  readonly workflows: Counter;
  /** Counts tasks. */
  readonly tasks: Counter;
  /** Counts retries. */
  readonly retries: Counter;
  /** How long runs took. */
  readonly workflowSeconds: Histogram;
  /** How long tasks took. */
  readonly taskSeconds: Histogram;
}

/**
 * Makes the instruments.
 *
 * @param provider Whose they are.
 * @returns The instruments.
 */
export function makeInstruments(provider: MeterProvider): Instruments {
  const meter = provider.getMeter(SCOPE);
  const counter = (name: string, description: string, unit: string) =>
    meter.createCounter(name, { description, unit });
  const histogram = (name: string, description: string) =>
    meter.createHistogram(name, {
      description,
      unit: "s",
      advice: { explicitBucketBoundaries: BOUNDARIES },
    });
  return {
    provider,
    workflows: counter(
      "dotflow_workflow_total",
      "Runs that have started, completed and failed",
      "{run}",
    ),
    tasks: counter(
      "dotflow_task_total",
      "Tasks that have completed and failed",
      "{task}",
    ),
    retries: counter(
      "dotflow_task_retry_total",
      "Attempts that have failed and were followed by another one",
      "{attempt}",
    ),
    workflowSeconds: histogram(
      "dotflow_workflow_duration_seconds",
      "How long runs took",
    ),
    taskSeconds: histogram(
      "dotflow_task_duration_seconds",
      "How long tasks took, all attempts and waits together",
    ),
  };
}
