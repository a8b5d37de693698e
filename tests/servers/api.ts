/**
 * What the fault lab and its client in `tests/lab.ts` say to each other: how a
 * bucket behaves, which faults it has, and what happened to it.
 *
 * @module
 */

/** How a bucket treats conditional requests. */
export type Conditions =
  /** Checked and acted upon in one step. */
  | "atomic"
  /** As if they were not there. */
  | "ignored"
  /** Checked at once, acted upon a moment (`racyMs`) later. */
  | "racy";

/** Options of every kind of bucket. */
export interface BucketOptions {
  /** How conditional requests are treated. @default {"atomic"} */
  conditions?: Conditions;
  /** Milliseconds between check and act where that is racy. @default {50} */
  racyMs?: number;
  /** The most keys in one page of a list. @default {1000} */
  pageSize?: number;
  /**
   * Operations that are answered with 403, by the name that the history has for
   * them, such as `"ListObjectsV2"`. @default {[]}
   */
  deny?: readonly string[];
  /**
   * Milliseconds that each request takes: a number, or the least and the most
   * of a seeded choice. The bucket acts at half of it. @default {0}
   */
  latencyMs?: number | readonly [least: number, most: number];
  /** What latencies are drawn from. @default {1} */
  seed?: number;
  /**
   * Milliseconds from now until the credentials expire, or of which tokens are
   * issued. @default Never; tokens after an hour
   */
  expiresInMs?: number;
  /**
   * Whether connections are kept for further requests. On a kept one that is
   * reset, Deno and Bun send a request again by themselves, also a PUT, and
   * `fetch` tells nobody: where a test counts attempts, say false. Only when
   * opening. @default {true}
   */
  keepAlive?: boolean;
}

/** Options of a bucket on the S3 server. */
export interface S3Options extends BucketOptions {
  /** The one region it is in. @default {"us-east-1"} */
  region?: string;
  /** What an ETag is made of. @default {"md5"} */
  etags?: "md5" | "opaque";
  /** Whether ETags are sent in quotes. @default {true} */
  quotedEtags?: boolean;
  /**
   * How `If-Match` must write an ETag. AWS takes both; Ceph sends quotes, but
   * wants none. @default {"either"}
   */
  ifMatch?: "either" | "quoted" | "unquoted";
  /** The answer to `If-Match` for a missing key; Ceph: 412. @default {404} */
  missingIfMatch?: 404 | 412;
}

/** Options of a bucket on the GCS server. */
export interface GcsOptions extends BucketOptions {
  /** Whether requests without a token are served, as emulators do. */
  anonymous?: boolean;
  /**
   * Milliseconds within which a second write of one object name is answered
   * with 429; GCS itself: about 1000. @default {0}, which is never
   */
  writeIntervalMs?: number;
}

/** Kinds of faults. What a request of its kind cannot have, it has not. */
export type FaultKind =
  /** Answered with 500, nothing done. */
  | "500"
  /** Answered with 503 and Retry-After, nothing done. */
  | "503"
  /** Answered with 429 and Retry-After, nothing done. */
  | "429"
  /** Writes: answered with 409 (a competing request), nothing done. */
  | "409"
  /** The connection is reset, nothing done. */
  | "reset"
  /** Never answered, nothing done. */
  | "hang"
  /** Writes: done, and answered with 500. */
  | "commit-500"
  /** Writes: done, and the connection reset. */
  | "commit-reset"
  /** Writes: done, and never answered. */
  | "commit-hang"
  /**
   * Writes: the connection is reset at once; the condition is checked, and the
   * write done where it holds, `lateMs` later.
   */
  | "late"
  /** Done; the answer breaks off in the middle of its body. */
  | "truncated"
  /** Done; the body of the answer comes bit by bit over `slowMs`. */
  | "slow"
  /** Done; the body of the answer is rubbish, and its ETag is lacking. */
  | "garbage";

/** One fault. */
export interface Fault {
  /** What happens. */
  kind: FaultKind;
  /** Seconds named by `Retry-After`. @default {0} */
  retryAfter?: number;
  /** Milliseconds until a late write is applied. @default {50} */
  lateMs?: number;
  /** Milliseconds over which a slow body comes. @default {100} */
  slowMs?: number;
}

/** Which requests a rule is about; what is not given matches all. */
export interface Match {
  /** The HTTP method, such as `"PUT"`. */
  method?: string;
  /** The operation, such as `"PutObject"`; see {@linkcode RequestRecord}. */
  op?: string;
  /** The key, or its end after a `*`, such as `"*_run"`. */
  key?: string;
  /** Which of the matching requests, counted from 1. @default All */
  nth?: number;
}

/** A fault that certain requests have. */
export interface FaultRule {
  /** Which requests. */
  match: Match;
  /** What they have. */
  fault: FaultKind | Fault;
}

/**
 * Which requests have faults. Random ones depend on the seed, the operation,
 * the key and how often that came before, and on nothing else: the same
 * requests have the same faults, however requests for other keys interleave.
 */
export interface FaultPlan {
  /** What random faults are drawn from. @default {1} */
  seed?: number;
  /** The part of requests that have a random fault, 0 to 1. @default {0} */
  rate?: number;
  /** Which faults they have. @default Every kind but those that hang */
  kinds?: readonly (FaultKind | Fault)[];
  /** The requests that random faults are for. @default All */
  match?: Match;
  /** Faults of certain requests; the first that fits counts. */
  rules?: readonly FaultRule[];
}

/** One request, as the lab saw it. Times are milliseconds since the opening. */
export interface RequestRecord {
  /** Its place in the order of arrival, from 1. */
  n: number;
  /** When it arrived. */
  timeMs: number;
  /** When its answer was sent or its connection reset; absent: not yet. */
  endMs?: number;
  /** The HTTP method. */
  method: string;
  /**
   * The operation. S3: `GetObject`, `HeadObject`, `PutObject`, `DeleteObject`,
   * `DeleteObjects`, `ListObjectsV2`, `AssumeRoleWithWebIdentity`,
   * `ContainerCredentials`. GCS: `get`, `media`, `insert`, `delete`, `list`,
   * `token`, `metadataToken`. Anything else: `unknown`.
   */
  op: string;
  /** The key that it is about; a list: the prefix. */
  key?: string;
  /** The conditions it came with, by header or parameter in lower case. */
  conditions: Record<string, string>;
  /** The metadata it came with, by name without `x-amz-meta-`. */
  metadata: Record<string, string>;
  /** The bytes of its body. */
  size: number;
  /** The status of the answer; 0: none was sent. */
  status: number;
  /** The `Code` or `reason` of an error. */
  error?: string;
  /** The fault it had. */
  fault?: FaultKind;
  /** Whether it wrote or removed something. */
  applied: boolean;
  /** How many requests were under way when it arrived, with itself. */
  inFlight: number;
}

/** One change of one key, in the order in which changes were applied. */
export interface Version {
  /** Its place in that order, from 1. */
  n: number;
  /** When it was applied, in milliseconds since the opening. */
  timeMs: number;
  /** Its key. */
  key: string;
  /** What it wrote, as text; null: it removed the object. */
  text: string | null;
  /** The ETag or generation it got. */
  tag: string;
  /** The metadata it came with. */
  metadata: Record<string, string>;
  /** The `n` of its request; 0: the test itself, through the client. */
  request: number;
}

/** One object as it is now. */
export interface StoredObject {
  /** Its key. */
  key: string;
  /** Its content, as text. */
  text: string;
  /** Its ETag or generation. */
  tag: string;
  /** Its metadata. */
  metadata: Record<string, string>;
}

/** Counts over all requests of a bucket. */
export interface Figures {
  /** Requests in all. */
  requests: number;
  /** Requests by operation. */
  ops: Record<string, number>;
  /** Requests by fault. */
  faults: Record<string, number>;
  /** The most requests that were under way at one moment. */
  maxInFlight: number;
}
