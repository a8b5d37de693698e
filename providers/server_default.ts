/**
 * The server provider that tells a remote API, where one is configured.
 *
 * @example
 * ```ts
 * import { action, Config, DotFlow, ServerDefault } from "@dotflow/dotflow";
 *
 * const server = new ServerDefault({
 *   baseUrl: "http://127.0.0.1:8000",
 *   token: "the-token-of-the-server",
 * });
 * const workflow = new DotFlow({ config: new Config({ server }) });
 * workflow.task.add(action("extract", () => [1, 2, 3]));
 * ```
 *
 * @module
 */

import type { CloudConfig } from "../src/cloud_config.ts";
import { Server } from "../src/contracts/server.ts";
import type { Duration } from "../src/duration.ts";
import type { Fetch } from "../src/http/retry.ts";
import { readOptions } from "../src/options.ts";
import type { RunInfo } from "../src/run_info.ts";
import { configPath, mayExist } from "../src/runtime.ts";
import type { Task } from "../src/task.ts";
import type { Client } from "./server/client.ts";
import {
  CHECKS,
  findTarget,
  type Settings,
  type Target,
} from "./server/settings.ts";

export type { Fetch };

/** Options of {@linkcode ServerDefault}. */
export interface ServerDefaultOptions {
  /**
   * The address of the API: https, or http on this machine.
   *
   * @default `SERVER_BASE_URL` of the environment, or `base_url` in section
   * `cloud` of `~/.dotflow/config.json`
   */
  readonly baseUrl?: string;
  /**
   * What requests are authorized with. The token in the file goes only to the
   * origin that the file names.
   *
   * @default `SERVER_USER_TOKEN` of the environment, or `token` in section
   * `cloud` of `~/.dotflow/config.json`
   */
  readonly token?: string;
  /**
   * Whether the API hears as well when tasks start, fail an attempt and tell how
   * far they are; else of their ends only.
   *
   * @default {true}
   */
  readonly live?: boolean;
  /**
   * How long a request may take, with all attempts; and how long an API must be
   * out of reach before the end of a run gives up what is to be told.
   *
   * @default {"3s"}
   */
  readonly timeout?: Duration;
  /** What sends requests. @default The runtime's own `fetch` */
  readonly fetch?: Fetch;
}

/** How many calls are kept while the client is loaded. */
const MOST_EARLY = 20_000;

/** What each file says, once it was looked into; null: nothing. */
const files = new Map<string | undefined, CloudConfig | null>();

/**
 * Tells a remote API of runs and tasks. It is there without being asked for, and
 * is not even called where no API is configured, by options, environment or file.
 *
 * - **Order.** The API hears of each run in order, and of several runs at the same
 *   time, by four requests at most. Of a task, only the newest state waits.
 * - **Failures** change nothing of a run. What the API does not take (4xx) is
 *   given up. While it is out of reach, what is to be told waits, until a run ends
 *   and `timeout` has passed; where it asks to be left alone (429), for up to a
 *   minute. A line in the log tells how much was lost, and why.
 * - **Limits.** At most 20,000 messages or 32 million characters wait; then the
 *   oldest are given up. A message has at most 5 million characters: the largest
 *   contexts give way.
 *
 * **Least permissions** in Deno: `--allow-net` for the API, and, for what is to be
 * found by itself, `--allow-env=SERVER_BASE_URL,SERVER_USER_TOKEN,HOME,USERPROFILE`
 * and `--allow-read` for the file. Nobody is asked for what is not allowed.
 */
export class ServerDefault extends Server {
  readonly #given: Settings;
  #target: Target | undefined;
  #client: Client | undefined;
  /** What was told before the client was there. */
  #early: ((client: Client) => void)[] = [];
  #missed = 0;
  #isOpening = false;
  /** Why there is no client; kept until somebody is told of it. */
  #problem: { readonly error: unknown } | undefined;

  /**
   * Makes a `ServerDefault`. Where the API is will be found out when a run starts.
   *
   * @param options Where the API is, and how it is told.
   * @throws {InvalidOptionError} If an option is unknown or not allowed.
   */
  constructor(options: ServerDefaultOptions = {}) {
    super();
    this.#given = readOptions(options, "ServerDefault", CHECKS);
  }

  /**
   * Whether there is an API to be told, or may be one.
   *
   * @returns False where none is configured.
   * @throws {InvalidOptionError} If what the environment says may not be used.
   */
  override enabled(): boolean {
    return this.#find() !== null;
  }

  /**
   * Tells of a workflow whose id was generated.
   *
   * @param run Its run.
   */
  createWorkflow(run: RunInfo): void {
    this.#tell((client) => client.createWorkflow(run));
  }

  /**
   * Tells where a run stands.
   *
   * @param run The run.
   */
  updateWorkflow(run: RunInfo): void {
    this.#tell((client) => client.updateWorkflow(run));
  }

  /**
   * Tells of a task of a run that starts.
   *
   * @param task The task.
   */
  createTask(task: Task): void {
    this.#tell((client) => client.createTask(task));
  }

  /**
   * Tells how a task stands now.
   *
   * @param task The task.
   */
  updateTask(task: Task): void {
    this.#tell((client) => client.updateTask(task));
  }

  /**
   * Waits until all was sent or given up, as far as it can be soon.
   *
   * @throws {DeliveryError} If some was given up, or the API asks to wait long.
   * @throws {InvalidOptionError} If what the environment or the file says may not
   * be used.
   */
  override async flush(): Promise<void> {
    // In a Worker, the request that began to open it may be over.
    if (this.#early.length > 0) await this.#open();
    const problem = this.#problem;
    this.#problem = undefined;
    if (problem) throw problem.error;
    await this.#client?.flush();
  }

  #tell(call: (client: Client) => void): void {
    if (this.#client) return call(this.#client);
    if (this.#find() === null) return;
    if (this.#early.length < MOST_EARLY) this.#early.push(call);
    else this.#missed++;
    if (this.#isOpening) return;
    this.#isOpening = true;
    this.#open().finally(() => this.#isOpening = false);
  }

  #find(): Target | null | undefined {
    if (this.#target) return this.#target;
    let found = findTarget(this.#given, undefined);
    if (found === undefined) found = findTarget(this.#given, fileConfig());
    if (found) this.#target = found;
    return found;
  }

  async #open(): Promise<void> {
    try {
      await this.#load();
    } catch (error) {
      this.#early = [];
      this.#problem = { error };
    }
  }

  async #load(): Promise<void> {
    let target = this.#find();
    if (target === undefined) {
      const { readCloudConfig } = await import("../src/cloud_config.ts");
      const path = configPath();
      files.set(path, await readCloudConfig(path) ?? null);
      target = this.#find();
    }
    if (!target) {
      this.#early = [];
      return;
    }
    const { Client } = await import("./server/client.ts");
    const client = this.#client ??= new Client(target);
    for (const call of this.#early.splice(0)) call(client);
    if (this.#missed > 0) client.lose(this.#missed);
    this.#missed = 0;
  }
}

/** What the file says; null: nothing; undefined: it is to be looked into. */
function fileConfig(): CloudConfig | null | undefined {
  const path = configPath();
  if (path === undefined || !files.has(path) && !mayExist(path)) return null;
  return files.get(path);
}
