/**
 * What one task hands on to the next, and the text form in which a storage
 * keeps it.
 *
 * @module
 */

import { brand, isMarked } from "./brand.ts";
import { decode, encode, registerType } from "./codec.ts";
import { crc32 } from "./crc32.ts";
import { CorruptCheckpointError } from "./errors.ts";
import { expect } from "./options.ts";

const BRAND = Symbol.for("dotflow.context");

/** The farthest that a Date can be from the epoch. */
const FARTHEST_MS = 8.64e15;

/** What a Context is made of. */
export interface ContextInit<T = unknown> {
  /** The value; a Context is unwrapped to its own value. */
  readonly storage?: T | Context<T>;
  /** The task that gave the value. */
  readonly taskId?: string;
  /** The workflow that the task belongs to. */
  readonly workflowId?: string;
  /** The run that the task belongs to. */
  readonly runId?: string;
  /**
   * When the value was given.
   *
   * @default The present moment.
   */
  readonly time?: Date | number;
}

/**
 * A value with its origin. A Context without `taskId` is empty: nothing came
 * before, or nothing is stored.
 *
 * @example
 * ```ts
 * import { Context } from "@dotflow/dotflow";
 * import assert from "node:assert/strict";
 *
 * const context = new Context({ storage: new Map([["rows", 3n]]) });
 * assert.deepEqual(Context.fromText(context.toText()).storage, context.storage);
 * ```
 */
// deno-lint-ignore no-explicit-any
export class Context<T = any> {
  static {
    brand(this, BRAND);
    registerType<Context>({
      tag: "Context",
      is: (value): value is Context => isMarked(value, BRAND),
      encode: ({ taskId, workflowId, runId, time, storage }) => [
        taskId,
        workflowId,
        runId,
        time.getTime(),
        storage,
      ],
      create: () => new Context({ time: 0 }),
      fill: (context, parts) => {
        const [taskId, workflowId, runId, time, storage] = parts as never[];
        Object.assign(context, { taskId, workflowId, runId, storage });
        context.#timeMs = time;
      },
    });
  }

  /** The value: what the task returned, or what was given as initial. */
  readonly storage: T;
  /** The task that gave the value; undefined in an empty Context. */
  readonly taskId: string | undefined;
  /** The workflow that the task belongs to. */
  readonly workflowId: string | undefined;
  /** The run that the task belongs to. */
  readonly runId: string | undefined;
  #timeMs: number;

  /**
   * Makes a `Context`.
   *
   * @param init What the Context is made of; without it, an empty Context.
   * @throws {InvalidOptionError} If the time is no valid date.
   */
  constructor(init: ContextInit<T> = {}) {
    const { storage } = init;
    this.storage = isMarked(storage, BRAND)
      ? (storage as Context<T>).storage
      : storage as T;
    this.taskId = init.taskId;
    this.workflowId = init.workflowId;
    this.runId = init.runId;
    this.#timeMs = init.time === undefined ? Date.now() : toTimeMs(init.time);
  }

  /** When the value was given. */
  get time(): Date {
    return new Date(this.#timeMs);
  }

  /**
   * The lossless text form, for authors of storages.
   *
   * @returns JSON text with a format version and a checksum, in one line.
   * @throws {UnstorableValueError} If a part of the value cannot be kept.
   */
  toText(): string {
    const body = toBody(this);
    return `{"dotflow":1,"crc":"${checksum(body)}",${body.slice(1)}`;
  }

  /**
   * Reads the text form back.
   *
   * @param text What `toText` gave.
   * @param place The file or key that the text came from, for the error.
   * @returns The Context.
   * @throws {CorruptCheckpointError} If the text is damaged, foreign or of a
   * future version.
   */
  static fromText(text: string, place = "the given text"): Context {
    const head = /^\{"dotflow":(\d+),(?:"crc":"([0-9a-f]{8})",)?/.exec(text);
    if (!head) {
      throw new CorruptCheckpointError(
        place,
        "it is no text form of a Context",
      );
    }
    if (head[1] !== "1") {
      throw new CorruptCheckpointError(
        place,
        `its format version ${head[1]} is not known here (known: 1)`,
      );
    }
    const body = `{${text.slice(head[0].length)}`;
    if (checksum(body) !== head[2]) {
      throw new CorruptCheckpointError(place, "its checksum does not match");
    }
    let parsed: ContextBody;
    try {
      parsed = JSON.parse(body);
    } catch (cause) {
      throw new CorruptCheckpointError(place, "it is no JSON", { cause });
    }
    return fromBody(parsed, place);
  }
}

function toTimeMs(time: Date | number): number {
  const timeMs = Number(time);
  expect(Math.abs(timeMs) <= FARTHEST_MS, time, "time", "a valid date");
  return timeMs;
}

/** The JSON object inside of the text form, parsed. */
export interface ContextBody {
  /** The task. */
  readonly taskId?: string;
  /** The workflow. */
  readonly workflowId?: string;
  /** The run. */
  readonly runId?: string;
  /** Milliseconds since the epoch. */
  readonly time?: number;
  /** The value, where ordinary JSON gives it back exactly. */
  readonly value?: unknown;
  /** The value as the codec writes it, where ordinary JSON does not do. */
  readonly coded?: unknown;
}

/** Texts that were made before they are asked for, each taken once. */
const prepared = new WeakMap<Context, string>();

/**
 * The JSON object inside of the text form: for storages whose own format has a
 * version and a checksum already.
 *
 * @param context The Context.
 * @returns JSON text in one line.
 * @throws {UnstorableValueError} If a part of the value cannot be kept.
 */
export function toBody(context: Context): string {
  const text = prepared.get(context);
  if (text === undefined) return write(context, member(context.storage));
  prepared.delete(context);
  return text;
}

/**
 * Reads the JSON object inside of the text form.
 *
 * @param body The parsed JSON; the Context takes it over.
 * @param place The file or key that it came from, for the error.
 * @returns The Context.
 * @throws {CorruptCheckpointError} If it is no such object.
 */
export function fromBody(body: ContextBody, place: string): Context {
  try {
    return new Context({
      ...body,
      storage: body.coded === undefined ? body.value : decode(body.coded),
    });
  } catch (cause) {
    throw new CorruptCheckpointError(place, "its value does not decode", {
      cause,
    });
  }
}

/**
 * The Context that a resumed run would read back: its value is a copy that has
 * been through the text form, which is kept for the next `toBody`.
 *
 * @param init What the Context is made of.
 * @returns The Context.
 * @throws {UnstorableValueError} If a part of the value cannot be kept.
 */
export function asStored(init: ContextInit): Context {
  const text = member(init.storage);
  const copy = typeof init.storage === "object" && init.storage !== null
    ? fromBody(JSON.parse(`{${text.slice(1)}}`), "result").storage
    : init.storage;
  const context = new Context({ ...init, storage: copy });
  prepared.set(context, write(context, text));
  return context;
}

/** The value as a member of the body, with the comma before it. */
function member(value: unknown): string {
  if (value === undefined) return "";
  const { text, plain } = encode(value, "result");
  return plain ? `,"value":${text}` : `,"coded":${text}`;
}

function write(context: Context, member: string): string {
  const { taskId, workflowId, runId } = context;
  const time = context.time.getTime();
  const origin = JSON.stringify({ time, taskId, workflowId, runId });
  return origin.slice(0, -1) + member + "}";
}

function checksum(body: string): string {
  return crc32(new TextEncoder().encode(body)).toString(16).padStart(8, "0");
}
