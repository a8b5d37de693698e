/**
 * The Ceph Object Gateway: an S3 server by others, for one run of the suite.
 * One monitor, one store in memory, one gateway, all on loopback, and ready
 * within a second or two.
 *
 * @module
 */

import { AwsClient } from "aws4fetch";
import { join } from "node:path";
import { mustRun } from "../process.ts";
import { freePort, type Server, startServer } from "./server.ts";

const CLUSTER = "6f1d0a3e-0000-4000-8000-000000000001";
const STORE = "6f1d0a3e-0000-4000-8000-000000000002";
const REGION = "us-east-1";
const BUCKET = "dotflow";
const START_TIMEOUT = 60_000;

/** A key for a cluster that nobody but the tests can reach. */
const KEY = "AQBnewZhAAAAABAAMTIzNDU2Nzg5MDEyMzQ1Ng==";
const MEMBERS = ["mon.", "client.admin", "client.radosgw", "osd.0"];

/** What tests need to reach it: the options of `StorageS3`, as JSON. */
export interface Radosgw {
  /** The options, as JSON. */
  value: string;
  /** Ends it, and removes its files. */
  stop(): Promise<void>;
}

/**
 * Starts the gateway, with one user and one bucket.
 *
 * @returns How tests reach it.
 * @throws {Error} When one of its programs fails.
 */
export async function startRadosgw(): Promise<Radosgw> {
  const folder = await Deno.makeTempDir({ prefix: "dotflow-ceph-" });
  const servers: Server[] = [];
  const stop = async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await Deno.remove(folder, { recursive: true });
  };
  try {
    const endpoint = await startCluster(folder, servers);
    const credentials = await addUser(folder);
    await addBucket(endpoint, credentials);
    const options = { endpoint, bucket: BUCKET, region: REGION, credentials };
    return { value: JSON.stringify({ ...options, pathStyle: true }), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startCluster(
  folder: string,
  servers: Server[],
): Promise<string> {
  const path = (name: string) => join(folder, name);
  const conf = ["-c", path("ceph.conf")];
  const [monitor, port] = [await freePort(), await freePort()];
  await Deno.writeTextFile(path("ceph.conf"), config(folder, monitor, port));
  await Deno.writeTextFile(path("keyring"), keyring());
  for (const name of ["mon", "osd", "rgw"]) await Deno.mkdir(path(name));

  const address = `[v2:127.0.0.1:${monitor}]`;
  const map = ["--create", "--fsid", CLUSTER, "--addv", "a", address];
  await mustRun("monmaptool", [...map, path("monmap")]);
  const mon = [...conf, "-i", "a"];
  const begin = ["--mkfs", "--monmap", path("monmap")];
  await mustRun("ceph-mon", [...mon, ...begin, "--keyring", path("keyring")]);
  servers.push(startServer("ceph-mon", [...mon, "-f"]));
  const wait = ["--connect-timeout", "30"];
  await mustRun("ceph", [...conf, ...wait, "osd", "new", STORE]);
  const osd = [...conf, "-i", "0"];
  await mustRun("ceph-osd", [...osd, "--mkfs", "--osd-uuid", STORE]);
  servers.push(startServer("ceph-osd", [...osd, "-f"]));
  const name = ["-n", "client.radosgw"];
  servers.push(startServer("radosgw", [...conf, ...name, "-f"]));
  const endpoint = `http://127.0.0.1:${port}`;
  await waitFor(endpoint);
  return endpoint;
}

/** Waits until the gateway listens, which is when it can serve. */
async function waitFor(endpoint: string): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT;
  while (performance.now() < deadline) {
    try {
      await fetch(endpoint).then((response) => response.body?.cancel());
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error("Cannot start radosgw: it does not listen");
}

interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
}

async function addUser(folder: string): Promise<Credentials> {
  const credentials = {
    accessKeyId: crypto.randomUUID().slice(0, 8),
    secretAccessKey: crypto.randomUUID(),
  };
  await mustRun("radosgw-admin", [
    "-c",
    join(folder, "ceph.conf"),
    "-n",
    "client.radosgw",
    "user",
    "create",
    "--uid=tests",
    "--display-name=tests",
    `--access-key=${credentials.accessKeyId}`,
    `--secret=${credentials.secretAccessKey}`,
  ]);
  return credentials;
}

async function addBucket(
  endpoint: string,
  credentials: Credentials,
): Promise<void> {
  const options = { service: "s3", region: REGION, retries: 0 };
  const client = new AwsClient({ ...credentials, ...options });
  const url = `${endpoint}/${BUCKET}`;
  const response = await client.fetch(url, { method: "PUT" });
  const text = await response.text();
  if (!response.ok) throw new Error(`Cannot make a bucket: ${text}`);
}

function keyring(): string {
  return MEMBERS.map((name) =>
    `[${name}]\nkey = ${KEY}\n` +
    ["mon", "osd", "mgr"].map((cap) => `caps ${cap} = "allow *"\n`).join("")
  ).join("");
}

/** As little as a cluster of one machine needs, and no waiting. */
function config(folder: string, monitor: number, port: number): string {
  const settings = {
    fsid: CLUSTER,
    mon_host: `v2:127.0.0.1:${monitor}`,
    public_addr: "127.0.0.1",
    cluster_addr: "127.0.0.1",
    ms_bind_ipv6: false,
    run_dir: folder,
    admin_socket: `${folder}/$name.$pid.asok`,
    log_file: `${folder}/$name.log`,
    keyring: `${folder}/keyring`,
    mon_data: `${folder}/mon`,
    osd_data: `${folder}/osd`,
    rgw_data: `${folder}/rgw`,
    osd_objectstore: "memstore",
    memstore_device_bytes: 256 * 1024 * 1024,
    paxos_propose_interval: 0.005,
    paxos_min_wait: 0.001,
    mon_allow_pool_size_one: true,
    mon_max_pg_per_osd: 1000,
    // The machines of CI may have little space left.
    mon_data_avail_crit: 0,
    osd_pool_default_size: 1,
    osd_pool_default_min_size: 1,
    osd_pool_default_pg_num: 4,
    osd_pool_default_pgp_num: 4,
    osd_pool_default_pg_autoscale_mode: "off",
    osd_crush_chooseleaf_type: 0,
    osd_class_load_list: "*",
    osd_class_default_list: "*",
    rgw_frontends: `beast endpoint=127.0.0.1:${port}`,
    rgw_thread_pool_size: 64,
    rgw_dynamic_resharding: false,
    rgw_override_bucket_index_max_shards: 1,
    rgw_enable_lc_threads: false,
    rgw_enable_gc_threads: false,
    rgw_run_sync_thread: false,
    rgw_gc_max_objs: 1,
    rgw_lc_max_objs: 1,
    rgw_num_control_oids: 1,
    rgw_objexp_hints_num_shards: 1,
  };
  const lines = Object.entries(settings).map(([name, value]) =>
    `${name} = ${value}`
  );
  return ["[global]", ...lines, ""].join("\n");
}
