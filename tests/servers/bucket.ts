/**
 * A bucket of the lab: what it holds, how it behaves, and what happened to it.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type {
  BucketOptions,
  FaultPlan,
  Figures,
  GcsOptions,
  RequestRecord,
  S3Options,
  StoredObject,
  Version,
} from "./api.ts";
import { makeRandom, type Random } from "../effort.ts";
import { FaultPicker } from "./faults.ts";

/** One object, as a bucket keeps it. */
export interface Kept {
  /** Its key. */
  key: string;
  /** Its key as UTF-8, by which lists are ordered. */
  order: Uint8Array;
  /** Its content. */
  body: Uint8Array;
  /** Its ETag, without quotes, or its generation. */
  tag: string;
  /** Its metadata. */
  metadata: Record<string, string>;
  /** When it was written, in milliseconds since 1970. */
  writtenMs: number;
}

/** All options of all kinds; each kind reads its own. */
export type AnyOptions = S3Options & GcsOptions;

/** What is known of a request when it arrives. */
export type Arrival = Pick<RequestRecord, "method" | "size">;

/** A bucket. */
export class Bucket {
  /** Its objects by key. */
  readonly objects = new Map<string, Kept>();
  /** Its requests, in the order of arrival. */
  history: RequestRecord[] = [];
  /** Its changes, in the order in which they were applied. */
  versions: Version[] = [];
  /** How it behaves. */
  options: AnyOptions;
  /** What goes wrong. */
  faults = new FaultPicker({});
  #begin = performance.now();
  #inFlight = 0;
  #maxInFlight = 0;
  #random: Random;

  /**
   * Makes an empty bucket.
   *
   * @param name Its name.
   * @param kind The server that it is on.
   * @param options How it behaves.
   */
  constructor(
    readonly name: string,
    readonly kind: "s3" | "gcs",
    options: BucketOptions,
  ) {
    this.options = options;
    this.#random = makeRandom(options.seed ?? 1, "latency");
  }

  /** Replaces the fault plan; counting begins anew. */
  plan(plan: FaultPlan): void {
    this.faults = new FaultPicker(plan);
  }

  /** Milliseconds since the opening. */
  now(): number {
    return Math.round((performance.now() - this.#begin) * 1000) / 1000;
  }

  /**
   * Takes note of a request.
   *
   * @param arrival What is known of it.
   * @returns Its record, to be completed.
   */
  begin(arrival: Arrival): RequestRecord {
    this.#maxInFlight = Math.max(this.#maxInFlight, ++this.#inFlight);
    const record: RequestRecord = {
      n: this.history.length + 1,
      timeMs: this.now(),
      op: "unknown",
      conditions: {},
      metadata: {},
      status: 0,
      applied: false,
      inFlight: this.#inFlight,
      ...arrival,
    };
    this.history.push(record);
    return record;
  }

  /** Takes note of the end of a request. */
  end(record: RequestRecord): void {
    if (record.endMs !== undefined) return;
    record.endMs = this.now();
    this.#inFlight--;
  }

  /** How long the next request takes, in milliseconds. */
  drawLatency(): number {
    const { latencyMs = 0 } = this.options;
    if (typeof latencyMs === "number") return latencyMs;
    const [least, most] = latencyMs;
    return least + this.#random(most - least);
  }

  /**
   * Writes an object.
   *
   * @param kept The object.
   * @param request The `n` of the request.
   */
  write(kept: Omit<Kept, "order" | "writtenMs">, request: number): void {
    const { key, tag, metadata, body } = kept;
    const order = Buffer.from(key);
    this.objects.set(key, { ...kept, order, writtenMs: Date.now() });
    this.#note({ key, tag, metadata, request, text: toText(body) });
  }

  /**
   * Removes an object.
   *
   * @param key Its key.
   * @param request The `n` of the request.
   * @returns Whether it was there.
   */
  remove(key: string, request: number): boolean {
    const there = this.objects.delete(key);
    if (there) this.#note({ key, tag: "", metadata: {}, request, text: null });
    return there;
  }

  /**
   * Lists objects in the order of their keys as UTF-8.
   *
   * @param prefix What keys begin with.
   * @param after Where to go on: behind this key.
   * @returns All that there are.
   */
  list(prefix: string, after?: string): Kept[] {
    const behind = after === undefined ? undefined : Buffer.from(after);
    return [...this.objects.values()]
      .filter(({ key, order }) =>
        key.startsWith(prefix) &&
        (behind === undefined || Buffer.compare(order, behind) > 0)
      )
      .sort((a, b) => Buffer.compare(a.order, b.order));
  }

  /** The objects as they are now. */
  stored(): StoredObject[] {
    return this.list("").map(({ key, tag, metadata, body }) => ({
      key,
      text: toText(body),
      tag,
      metadata,
    }));
  }

  /** Counts over all requests. */
  figures(): Figures {
    const ops: Record<string, number> = {};
    const faults: Record<string, number> = {};
    for (const { op, fault } of this.history) {
      ops[op] = (ops[op] ?? 0) + 1;
      if (fault !== undefined) faults[fault] = (faults[fault] ?? 0) + 1;
    }
    const requests = this.history.length;
    return { requests, ops, faults, maxInFlight: this.#maxInFlight };
  }

  /** Forgets the history and the versions; objects stay. */
  forget(): void {
    this.history = [];
    this.versions = [];
    this.#maxInFlight = this.#inFlight;
  }

  #note(version: Omit<Version, "n" | "timeMs">): void {
    const n = this.versions.length + 1;
    this.versions.push({ n, timeMs: this.now(), ...version });
  }
}

function toText(body: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(body);
}
