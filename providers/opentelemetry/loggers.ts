/**
 * The loggers of OpenTelemetry, as much of them as is used, and where the global
 * ones are kept.
 *
 * @module
 */

import type { Context } from "@opentelemetry/api";

/** A log record. */
export interface LogRecord {
  /** When it was written, in milliseconds since the epoch. */
  readonly timestamp: number;
  /** How grave it is, by number. */
  readonly severityNumber: number;
  /** How grave it is, in a word. */
  readonly severityText: string;
  /** What happened. */
  readonly body: string;
  /** What it is about. */
  readonly attributes: Record<string, unknown>;
  /** Where it stands in a trace. */
  readonly context: Context;
}

/** A logger, as much of it as is used. */
export interface Logger {
  /** Takes a record. */
  emit(record: LogRecord): void;
  /** Tells whether anybody wants records so grave; some have no such method. */
  enabled?(options: { readonly severityNumber: number }): boolean;
}

/** A logger provider, as much of it as is used. */
export interface LoggerProvider {
  /** Gives a logger by its name. */
  getLogger(name: string): Logger;
}

/** Where `@opentelemetry/api` keeps what is registered. */
const API = Symbol.for("opentelemetry.js.api.1");

/** Where `@opentelemetry/api-logs` does. */
const API_LOGS = Symbol.for("io.opentelemetry.js.api.logs");

/** The version of what `@opentelemetry/api-logs` keeps. */
const COMPATIBLE = 1;

/**
 * Finds the global logger provider. `@opentelemetry/api` has one only since 1.10,
 * in what it keeps besides; before, `@opentelemetry/api-logs` had its own, behind
 * a function that asks for a version.
 *
 * @returns The provider; undefined where none is registered.
 */
export function globalLoggerProvider(): LoggerProvider | undefined {
  const registered = globalThis as {
    [API]?: { logs?: LoggerProvider };
    [API_LOGS]?: (version: number) => LoggerProvider;
  };
  return registered[API]?.logs ?? registered[API_LOGS]?.(COMPATIBLE);
}
