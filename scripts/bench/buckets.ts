/**
 * What is measured on a bucket: the S3 server of the fault lab.
 *
 * @module
 */

import assert from "node:assert/strict";
import process from "node:process";
import { AwsClient } from "aws4fetch";
import { action, type Run, type Storage } from "../../mod.ts";
import { StorageS3 } from "../../providers/storage_s3.ts";
import type { Benchmark, Side } from "./measure.ts";
import { build, mustComplete, silentConfig } from "./workflows.ts";

const TASKS = 1_000;
const READS_AT_ONCE = 64;

const add = action(
  "add",
  ({ previousContext }) => (previousContext.storage ?? 0) + 1,
);

interface Bucket {
  endpoint: string;
  bucket: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
}

/** A bucket with a finished run, made once and only read from then on. */
let finished: Promise<Bucket & { runId: string }> | undefined;

async function finishedRun(): Promise<Bucket & { runId: string }> {
  const response = await fetch(`${process.env.DOTFLOW_LAB}/_lab/buckets`, {
    method: "POST",
    body: JSON.stringify({ kind: "s3", options: {} }),
  });
  const bucket: Bucket = await response.json();
  const workflow = buildOn(open(bucket));
  const run = await workflow.start({ mode: "parallel", concurrency: 64 });
  mustComplete(run);
  return { ...bucket, runId: run.runId };
}

function open({ endpoint, bucket, region, credentials }: Bucket): StorageS3 {
  const pathStyle = true;
  return new StorageS3({ endpoint, bucket, region, credentials, pathStyle });
}

function buildOn(storage: Storage) {
  const config = silentConfig(storage);
  return build({ tasks: TASKS, step: add }, { workflowId: "bench", config });
}

const resuming: Side = {
  tasks: TASKS,
  prepare: async () => {
    const workflow = buildOn(open(await (finished ??= finishedRun())));
    return {
      run: () => workflow.start({ resume: true, mode: "parallel" }),
      end: (run) => {
        mustComplete(run);
        assert.ok((run as Run).tasks.every((task) => task.restored));
      },
    };
  },
};

/** The same requests, and nothing else. */
const requesting: Side = {
  tasks: TASKS,
  prepare: async () => {
    const bucket = await (finished ??= finishedRun());
    const { endpoint, region, credentials, runId } = bucket;
    const client = new AwsClient({ ...credentials, region, service: "s3" });
    const get = async (path: string) => {
      const url = `${endpoint}/${bucket.bucket}${path}`;
      const response = await fetch(await client.sign(url));
      return await response.text();
    };
    return {
      run: async () => {
        await get("/dotflow/bench/_run");
        const prefix = encodeURIComponent(`dotflow/bench/${runId}/`);
        const list = await get(`?list-type=2&prefix=${prefix}`);
        const keys = [...list.matchAll(/<Key>(.*?)<\/Key>/g)]
          .map(([, key]) => key);
        const texts: string[] = [];
        const lane = async () => {
          for (let key = keys.pop(); key !== undefined; key = keys.pop()) {
            texts.push(await get(`/${key}`));
          }
        };
        await Promise.all(Array.from({ length: READS_AT_ONCE }, lane));
        return texts;
      },
      end: (texts) => assert.equal((texts as string[]).length, TASKS),
    };
  },
};

/** The benchmarks on buckets. */
export const ON_BUCKETS: readonly Benchmark[] = [
  {
    name: "S3: resume of 1,000 vs the same requests, signed and read",
    floor: requesting,
    ours: resuming,
    target: { kind: "ratio", most: 1.3 },
  },
];
