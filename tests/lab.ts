/**
 * The client of the fault lab, and the ways to the other real servers, in
 * every runtime of the tests.
 *
 * ```ts ignore
 * const s3 = await openS3({ pageSize: 10 });
 * const storage = new StorageS3(s3.storage);
 * await s3.faults({ rules: [{ match: { op: "PutObject", nth: 1 }, fault: "commit-500" }] });
 * await storage.post("key", context);
 * assert.equal((await s3.history()).length, 2);
 * ```
 *
 * Each `openS3` and `openGcs` gives a bucket of its own with credentials of its
 * own, dropped after the present test. What other processes need of it is in
 * `s3.storage` (plain JSON); only the test itself talks to the lab.
 *
 * On a connection that was kept open and is reset, Deno and Bun send a request
 * again by themselves, also a PUT: a conditional write may meet itself (412)
 * although `fetch` gave one answer only. The lab shows both requests; where a
 * test counts attempts, it opens its bucket with `keepAlive: false`.
 *
 * The suite starts the servers (`scripts/suite/services.ts`) and names them in
 * the environment: `DOTFLOW_LAB`, `DOTFLOW_REDIS`, `DOTFLOW_RADOSGW`. A test
 * file that is run by hand, in Deno, starts a lab for itself. The types are
 * described in `tests/servers/api.ts` and `access.ts` beside it.
 *
 * @module
 */

import process from "node:process";
import { cleanup, runtime, type TestOptions } from "./harness.ts";
import type { GcsBucket, S3Bucket, S3Credentials } from "./servers/access.ts";
import type {
  BucketOptions,
  FaultPlan,
  Figures,
  GcsOptions,
  RequestRecord,
  S3Options,
  StoredObject,
  Version,
} from "./servers/api.ts";
import { bindings } from "./workerd/bindings.ts";

export type * from "./servers/access.ts";
export type * from "./servers/api.ts";

/** What a test can ask and tell the lab about its bucket. */
export class LabBucket<Options extends BucketOptions> {
  #control: string;

  /**
   * Takes hold of a bucket.
   *
   * @param endpoint The address of the lab.
   * @param bucket The name of the bucket.
   */
  constructor(readonly endpoint: string, readonly bucket: string) {
    this.#control = `${endpoint}/_lab/buckets/${bucket}`;
  }

  /** Sets the fault plan in place of the present one; `{}` ends all faults. */
  async faults(plan: FaultPlan): Promise<void> {
    await ask("PUT", `${this.#control}/faults`, plan);
  }

  /** Changes options; what is not given stays. */
  async setOptions(options: Options): Promise<void> {
    await ask("PATCH", this.#control, options);
  }

  /** Every request since the opening (or {@linkcode forget}), by arrival. */
  history(): Promise<RequestRecord[]> {
    return ask("GET", `${this.#control}/history`);
  }

  /** Every change of a key since then, in the order of application. */
  versions(): Promise<Version[]> {
    return ask("GET", `${this.#control}/versions`);
  }

  /** The objects as they are now, by key. */
  objects(): Promise<StoredObject[]> {
    return ask("GET", `${this.#control}/objects`);
  }

  /** Counts over the history. */
  figures(): Promise<Figures> {
    return ask("GET", `${this.#control}/figures`);
  }

  /** Empties the history and the versions; objects stay. */
  async forget(): Promise<void> {
    await ask("DELETE", `${this.#control}/history`);
  }

  /** Writes an object past every condition, fault and permission. */
  async put(
    key: string,
    text: string,
    metadata: Record<string, string> = {},
  ): Promise<void> {
    await ask("PUT", `${this.#control}/object`, { key, text, metadata });
  }

  /** Removes an object in the same way; tells whether it was there. */
  remove(key: string): Promise<boolean> {
    return ask("DELETE", `${this.#control}/object`, { key });
  }

  /** Lets all credentials and tokens that were issued so far expire now. */
  async expireCredentials(): Promise<void> {
    await ask("POST", `${this.#control}/expire`);
  }

  /** Drops the bucket and its history; done after each test by itself. */
  async drop(): Promise<void> {
    await ask("DELETE", this.#control);
  }
}

/** A bucket on the S3 server. */
export class LabS3 extends LabBucket<S3Options> {
  /** What `StorageS3` needs of it, as plain JSON. */
  readonly storage: {
    endpoint: string;
    bucket: string;
    region: string;
    credentials: S3Credentials;
    pathStyle: true;
  };

  /**
   * Takes hold of a bucket; tests call {@linkcode openS3}.
   *
   * @param info All that the lab says of it: role, tokens and addresses for
   * temporary credentials too.
   */
  constructor(readonly info: S3Bucket) {
    super(info.endpoint, info.bucket);
    const { endpoint, bucket, region, credentials } = info;
    this.storage = { endpoint, bucket, region, credentials, pathStyle: true };
  }

  /**
   * Issues further credentials.
   *
   * @param lifetimeMs How long they are good; undefined: for good, and
   * without a session token.
   */
  issueCredentials(lifetimeMs?: number): Promise<S3Credentials> {
    const url = `${this.endpoint}/_lab/buckets/${this.bucket}/credentials`;
    return ask("POST", url, { lifetimeMs });
  }
}

/** A bucket on the GCS server. */
export class LabGcs extends LabBucket<GcsOptions> {
  /** What `StorageGCS` needs of it, as plain JSON. */
  readonly storage: Pick<
    GcsBucket,
    "endpoint" | "bucket" | "project" | "credentials"
  >;

  /**
   * Takes hold of a bucket; tests call {@linkcode openGcs}.
   *
   * @param info All that the lab says of it: a token and the metadata server
   * too.
   */
  constructor(readonly info: GcsBucket) {
    super(info.endpoint, info.bucket);
    const { endpoint, bucket, project, credentials } = info;
    this.storage = { endpoint, bucket, project, credentials };
  }

  /** Issues a further bearer token, good for the bucket's `expiresInMs`. */
  issueToken(): Promise<string> {
    const url = `${this.endpoint}/_lab/buckets/${this.bucket}/credentials`;
    return ask("POST", url, {});
  }
}

/**
 * Opens an empty bucket on the S3 server.
 *
 * @param options How it behaves.
 * @returns The bucket; dropped after the present test.
 */
export async function openS3(options: S3Options = {}): Promise<LabS3> {
  return new LabS3(await open("s3", options));
}

/**
 * Opens an empty bucket on the GCS server.
 *
 * @param options How it behaves.
 * @returns The bucket; dropped after the present test.
 */
export async function openGcs(options: GcsOptions = {}): Promise<LabGcs> {
  return new LabGcs(await open("gcs", options));
}

/**
 * A `fetch` for addresses like `http://BUCKET.localhost:PORT`, which not every
 * machine resolves: it sends them to the lab and says which host was meant.
 *
 * @param input An address.
 * @param init The rest of the request.
 * @returns The answer.
 */
export function virtualHostFetch(
  input: string | URL | Request,
  init?: RequestInit,
): Promise<Response> {
  const request = new Request(input, init);
  const url = new URL(request.url);
  request.headers.set("x-lab-host", url.host);
  url.hostname = "127.0.0.1";
  // No `new Request(url, request)`: a body would become a stream.
  const { method, headers, signal } = request;
  return fetch(url, { ...init, method, headers, signal });
}

/** An address that refuses connections. */
export const unreachable = "http://127.0.0.1:1";

/** A server that may be missing on this machine. */
export interface OtherServer<T> {
  /** How to reach it; undefined: it is not there. */
  readonly server?: T;
  /** For the options of `test`: why it cannot be tested; false: it can. */
  readonly skip: TestOptions["skip"];
}

/**
 * The Redis of the suite (`redis://127.0.0.1:PORT`). All tests of all runtimes
 * share it: begin every key with something of your own.
 */
export function redis(): OtherServer<string> {
  return find("DOTFLOW_REDIS", "redis-server", (text) => text);
}

/**
 * The Ceph Object Gateway of the suite, with a bucket that all tests of all
 * runtimes share: begin every key with something of your own.
 */
export function radosgw(): OtherServer<LabS3["storage"]> {
  return find("DOTFLOW_RADOSGW", "radosgw ceph-mon ceph-osd", JSON.parse);
}

/**
 * The R2 bucket of the present worker (miniflare), shared by all tests: begin
 * every key with something of your own.
 *
 * @typeParam R2 What the caller knows of the binding.
 */
export function r2Bucket<R2>(): OtherServer<R2> {
  return bindings.BUCKET === undefined
    ? { skip: "R2 is bound in workerd only" }
    : { server: bindings.BUCKET as R2, skip: false };
}

function find<T>(
  name: string,
  packages: string,
  read: (text: string) => T,
): OtherServer<T> {
  const text = process.env[name];
  if (text) return { server: read(text), skip: false };
  return {
    skip: `${name} is not set: the suite sets it where the Debian packages ` +
      `${packages} are installed`,
  };
}

let started: Promise<string> | undefined;

/**
 * The address of the lab, which is started where the suite has not done so.
 *
 * @returns The address, without a slash at its end.
 */
export async function labAddress(): Promise<string> {
  return process.env.DOTFLOW_LAB ?? await (started ??= startLab());
}

async function open<T extends { endpoint: string; bucket: string }>(
  kind: string,
  options: BucketOptions,
): Promise<T> {
  const url = `${await labAddress()}/_lab/buckets`;
  const info = await ask<T>("POST", url, { kind, options });
  cleanup(() => new LabBucket(info.endpoint, info.bucket).drop());
  return info;
}

/** Starts a lab for a test file that was not started by the suite. */
async function startLab(): Promise<string> {
  if (runtime !== "deno") {
    throw new Error("Cannot find the lab: run the tests by deno task test");
  }
  const { spawn } = await import("node:child_process");
  const script = new URL("servers/lab.ts", import.meta.url).pathname;
  const lock = new URL("../scripts/tools.lock", import.meta.url).pathname;
  const flags = ["-A", "-q", "--no-check", `--lock=${lock}`];
  const child = spawn(process.execPath, ["run", ...flags, script], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.unref();
  return new Promise((resolve, reject) => {
    child.stdout.once("data", (line) => resolve(String(line).trim()));
    child.once("exit", () => reject(new Error("Cannot start the lab")));
  });
}

/**
 * Asks the lab itself.
 *
 * @param method The HTTP method.
 * @param url What is asked for.
 * @param value What is sent along.
 * @returns The answer.
 */
export async function ask<T>(
  method: string,
  url: string,
  value?: unknown,
): Promise<T> {
  const body = value === undefined ? undefined : JSON.stringify(value);
  const response = await fetch(url, { method, body });
  const text = await response.text();
  if (!response.ok) throw new Error(`Cannot ask the lab ${url}: ${text}`);
  return JSON.parse(text);
}
