/**
 * Where temporary credentials for S3 come from: STS with a web identity, and
 * the endpoint that containers ask.
 * {@link https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html}
 * {@link https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html}
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { S3Bucket } from "./access.ts";
import type { Bucket } from "./bucket.ts";
import type { Exchange, Reply } from "./exchange.ts";
import {
  admit,
  answer,
  type Operation,
  perform,
  type Request,
} from "./perform.ts";
import type { Registry } from "./registry.ts";
import { toXml } from "./xml.ts";

/** The path of the endpoint for containers; the name of the bucket follows. */
export const CONTAINER_PATH = "/_container/";

/** The path of STS. */
export const STS_PATH = "/_sts";

const ROLE = "arn:aws:iam::123456789012:role/";
const NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/";
const HOUR_MS = 3_600_000;

/** What of a bucket's description is about temporary credentials. */
export function describeSts(
  { name }: Bucket,
  address: string,
): Omit<S3Bucket, "endpoint" | "bucket" | "region" | "credentials"> {
  return {
    roleArn: ROLE + name,
    webIdentityToken: secretOf(name, "identity"),
    stsEndpoint: address + STS_PATH,
    containerCredentialsUri: address + CONTAINER_PATH + name,
    containerToken: secretOf(name, "container"),
  };
}

/** Serves STS: `AssumeRoleWithWebIdentity` in a form or in parameters. */
export async function serveSts(
  exchange: Exchange,
  registry: Registry,
): Promise<void> {
  const form = new URLSearchParams(exchange.text);
  const field = (name: string) =>
    exchange.query.get(name) ?? form.get(name) ?? "";
  const name = field("RoleArn").replace(ROLE, "");
  const request = begin(exchange, registry, name, stsError);
  if (request === undefined) return exchange.send(stsError(403));
  const valid = field("Action") === "AssumeRoleWithWebIdentity" &&
    field("Version") === "2011-06-15" && field("RoleSessionName") !== "";
  request.record.op = "AssumeRoleWithWebIdentity";
  if (!valid) {
    return answer(request, stsError(400, "ValidationError"));
  }
  if (field("WebIdentityToken") !== secretOf(name, "identity")) {
    return answer(request, stsError(400, "InvalidIdentityToken"));
  }
  await perform(request, {
    op: "AssumeRoleWithWebIdentity",
    write: false,
    act: () => {
      const issued = issue(request.bucket, registry);
      const content = {
        AssumeRoleWithWebIdentityResult: {
          Credentials: {
            AccessKeyId: issued.accessKeyId,
            SecretAccessKey: issued.secretAccessKey,
            SessionToken: issued.sessionToken,
            Expiration: issued.expiration,
          },
        },
      };
      const body = toXml(
        "AssumeRoleWithWebIdentityResponse",
        content,
        NAMESPACE,
      );
      return { status: 200, headers: { "content-type": "text/xml" }, body };
    },
  });
}

/** Serves the endpoint that containers ask. */
export async function serveContainer(
  exchange: Exchange,
  registry: Registry,
): Promise<void> {
  const name = exchange.path.slice(CONTAINER_PATH.length);
  const request = begin(exchange, registry, name, containerError);
  if (request === undefined) return exchange.send(containerError(404));
  const op = "ContainerCredentials";
  request.record.op = op;
  if (exchange.header("authorization") !== secretOf(name, "container")) {
    return answer(request, containerError(401));
  }
  const act: Operation["act"] = () => {
    const issued = issue(request.bucket, registry);
    const body = JSON.stringify({
      AccessKeyId: issued.accessKeyId,
      SecretAccessKey: issued.secretAccessKey,
      Token: issued.sessionToken,
      Expiration: issued.expiration,
      RoleArn: ROLE + name,
    });
    const headers = { "content-type": "application/json" };
    return { status: 200, headers, body };
  };
  await perform(request, { op, write: false, act });
}

function begin(
  exchange: Exchange,
  registry: Registry,
  name: string,
  errorReply: (status: number) => Reply,
): Request | undefined {
  const bucket = registry.buckets.get(name);
  if (bucket?.kind !== "s3") return undefined;
  return admit(exchange, bucket, errorReply);
}

function issue({ name, options }: Bucket, registry: Registry) {
  return registry.issueKey(name, options.expiresInMs ?? HOUR_MS);
}

function stsError(status: number, code = "IDPCommunicationError"): Reply {
  const content = { Error: { Type: "Sender", Code: code, Message: code } };
  const body = toXml("ErrorResponse", content, NAMESPACE);
  return {
    status,
    headers: { "content-type": "text/xml" },
    body,
    error: code,
  };
}

function containerError(status: number): Reply {
  const body = JSON.stringify({ code: "Refused", message: `Status ${status}` });
  const headers = { "content-type": "application/json" };
  return { status, headers, body };
}

/** A secret that fits a bucket; nobody needs to keep it. */
function secretOf(name: string, use: string): string {
  return createHash("sha256").update(`${use} ${name}`).digest("base64url");
}
