/**
 * Carries out an operation, in the time and with the faults that its bucket has.
 *
 * @module
 */

import type { Fault, RequestRecord } from "./api.ts";
import type { Bucket } from "./bucket.ts";
import { type Exchange, type Reply, sleep } from "./exchange.ts";

/** What a request asks for. */
export interface Operation {
  /** What the history calls it. */
  op: string;
  /** The key that it is about. */
  key?: string;
  /** Whether it may change something. */
  write: boolean;
  /** The conditions it came with. */
  conditions?: Record<string, string>;
  /** The metadata it came with. */
  metadata?: Record<string, string>;
  /** The answer where its condition is false. */
  check?(): Reply | undefined;
  /** Does it, whatever its condition; sets `applied` of the record. */
  act(record: RequestRecord): Reply;
}

/** The answers of a server that does nothing. */
export type ErrorReply = (status: number, fault: Fault) => Reply;

/** One request that a bucket has taken note of. */
export interface Request {
  /** Where the answer goes. */
  exchange: Exchange;
  /** The bucket. */
  bucket: Bucket;
  /** Its record. */
  record: RequestRecord;
  /** Makes the answers of faults. */
  errorReply: ErrorReply;
}

/**
 * Has a bucket take note of a request.
 *
 * @param exchange The request.
 * @param bucket The bucket.
 * @param errorReply Makes the answers of faults.
 * @returns The request, as it is carried out.
 */
export function admit(
  exchange: Exchange,
  bucket: Bucket,
  errorReply: ErrorReply,
): Request {
  const { method, body } = exchange;
  const record = bucket.begin({ method, size: body.length });
  exchange.onClose(() => bucket.end(record));
  return { exchange, bucket, record, errorReply };
}

/**
 * Carries out an operation and answers.
 *
 * @param request The request.
 * @param operation What it asks for.
 */
export async function perform(
  request: Request,
  operation: Operation,
): Promise<void> {
  const { bucket, record, exchange } = request;
  const { op, key, conditions = {}, metadata = {}, write } = operation;
  const { method } = exchange;
  Object.assign(record, { op, conditions, metadata });
  if (key !== undefined) record.key = key;
  const fault = bucket.faults.pick({ method, op, key, write });
  if (fault !== undefined) record.fault = fault.kind;
  const latency = bucket.drawLatency();
  if (latency > 0) await sleep(latency / 2);
  const finish = await decide(request, operation, fault);
  if (latency > 0) await sleep(latency / 2);
  await finish();
}

/** Sends an answer and notes it. */
export function answer({ exchange, record }: Request, reply: Reply): void {
  noteReply(record, reply);
  exchange.send(reply);
}

/** Does what is to be done, and tells how to answer. */
async function decide(
  request: Request,
  operation: Operation,
  fault: Fault = { kind: "slow" },
): Promise<() => unknown> {
  const { exchange, record, errorReply } = request;
  const run = () => carryOut(request, operation);
  const sendError = (status: number) => () =>
    answer(request, errorReply(status, fault));
  const noted = (reply: Reply) => {
    noteReply(record, reply);
    return reply;
  };
  if (record.fault === undefined) {
    const reply = await run();
    return () => answer(request, reply);
  }
  switch (fault.kind) {
    case "500":
    case "503":
    case "429":
    case "409":
      return sendError(Number(fault.kind));
    case "reset":
      return () => exchange.reset();
    case "hang":
      return () => {};
    case "commit-500":
      await run();
      return sendError(500);
    case "commit-reset":
      await run();
      return () => exchange.reset();
    case "commit-hang":
      await run();
      return () => {};
    case "late":
      setTimeout(run, fault.lateMs ?? 50);
      return () => exchange.reset();
    case "truncated": {
      const reply = noted(await run());
      return () => exchange.truncate(reply);
    }
    case "slow": {
      const reply = noted(await run());
      return () => exchange.drip(reply, fault.slowMs ?? 100);
    }
    case "garbage": {
      const reply = noted(await run());
      return () => exchange.garble(reply);
    }
  }
}

async function carryOut(
  { bucket, record }: Request,
  operation: Operation,
): Promise<Reply> {
  const { conditions = "atomic", racyMs = 50 } = bucket.options;
  if (conditions !== "ignored") {
    const refusal = operation.check?.();
    if (refusal !== undefined) return refusal;
    // From here to the act there is no await but this one.
    if (conditions === "racy" && operation.check) await sleep(racyMs);
  }
  return operation.act(record);
}

function noteReply(record: RequestRecord, { status, error }: Reply): void {
  record.status = status;
  if (error !== undefined) record.error = error;
}
