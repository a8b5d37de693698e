// deno-lint-ignore-file no-import-prefix
/**
 * Where tokens for GCS come from: the token endpoint of OAuth 2.0, and the
 * metadata server of a machine.
 * {@link https://developers.google.com/identity/protocols/oauth2/service-account}
 * {@link https://cloud.google.com/compute/docs/access/authenticate-workloads}
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { jwtVerify } from "npm:jose@6.2.17";
import type { GcsBucket } from "./access.ts";
import type { Bucket } from "./bucket.ts";
import type { Exchange, Reply } from "./exchange.ts";
import { gcsFault } from "./gcs_errors.ts";
import { admit, answer, perform, type Request } from "./perform.ts";
import type { Registry } from "./registry.ts";

/** The path of the token endpoint; the name of the bucket follows. */
export const TOKEN_PATH = "/_google/token/";

/** The path of the metadata server; the name of the bucket follows. */
export const METADATA_PATH = "/_google/metadata/";

/** What an account may do that can do everything. */
export const FULL_SCOPE = "https://www.googleapis.com/auth/cloud-platform";

const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const PROJECT = "lab-project";
const HOUR_MS = 3_600_000;
const ALGORITHM = {
  name: "RSASSA-PKCS1-v1_5",
  hash: "SHA-256",
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
};

/** One key for all accounts: to make one takes time. */
let keys: Promise<CryptoKeyPair> | undefined;

/** Describes a bucket, with an account of its own. */
export async function describeGcs(
  bucket: Bucket,
  registry: Registry,
  address: string,
): Promise<GcsBucket> {
  const { name } = bucket;
  const token_uri = address + TOKEN_PATH + name;
  const { host } = new URL(address);
  return {
    endpoint: address,
    bucket: name,
    project: PROJECT,
    credentials: {
      type: "service_account",
      project_id: PROJECT,
      private_key_id: "1",
      private_key: await privateKey(),
      client_email: emailOf(name),
      token_uri,
    },
    userCredentials: {
      type: "authorized_user",
      client_id: "lab.apps.googleusercontent.com",
      client_secret: "lab-client-secret",
      refresh_token: `1//${name}`,
      token_uri,
    },
    token: issue(bucket, registry),
    metadataHost: host + METADATA_PATH + name,
  };
}

/** Issues a token that may do everything with a bucket. */
export function issue(
  { name, options }: Bucket,
  registry: Registry,
  scope: string = FULL_SCOPE,
): string {
  return registry.issueToken(name, options.expiresInMs ?? HOUR_MS, scope);
}

/** Serves the token endpoint. */
export async function serveToken(
  exchange: Exchange,
  registry: Registry,
): Promise<void> {
  const name = exchange.path.slice(TOKEN_PATH.length);
  const request = begin(exchange, registry, name, "token");
  if (request === undefined) return exchange.send(oauthError("invalid_client"));
  const form = new URLSearchParams(exchange.text);
  const scope = form.get("grant_type") === "refresh_token"
    ? readRefresh(form, name)
    : await readAssertion(
      form,
      name,
      `http://${exchange.host}${exchange.path}`,
    );
  if (typeof scope !== "string") return answer(request, scope);
  await performIssue(request, registry, scope);
}

/** Serves the metadata server. */
export async function serveMetadata(
  exchange: Exchange,
  registry: Registry,
): Promise<void> {
  const [name, ...rest] = exchange.path.slice(METADATA_PATH.length).split("/");
  const request = begin(exchange, registry, name, "metadataToken");
  const path = "computeMetadata/v1/instance/service-accounts/default/token";
  if (request === undefined) return exchange.send({ status: 404 });
  if (exchange.header("metadata-flavor") !== "Google") {
    const body = "Missing Metadata-Flavor:Google header.";
    return answer(request, { status: 403, body });
  }
  if (rest.join("/") !== path) return answer(request, { status: 404 });
  await performIssue(request, registry, FULL_SCOPE);
}

function begin(
  exchange: Exchange,
  registry: Registry,
  name: string,
  op: string,
): Request | undefined {
  const bucket = registry.buckets.get(name);
  if (bucket?.kind !== "gcs") return undefined;
  const request = admit(exchange, bucket, gcsFault);
  request.record.op = op;
  return request;
}

async function performIssue(
  request: Request,
  registry: Registry,
  scope: string,
): Promise<void> {
  const { bucket, record: { op } } = request;
  const act = () => {
    const { expiresInMs = HOUR_MS } = bucket.options;
    const body = JSON.stringify({
      access_token: issue(bucket, registry, scope),
      expires_in: Math.floor(expiresInMs / 1000),
      token_type: "Bearer",
    });
    const headers = {
      "content-type": "application/json; charset=utf-8",
      "metadata-flavor": "Google",
    };
    return { status: 200, headers, body };
  };
  await perform(request, { op, write: false, act });
}

/** Verifies an assertion; gives the scope that it asks for. */
async function readAssertion(
  form: URLSearchParams,
  name: string,
  audience: string,
): Promise<string | Reply> {
  if (form.get("grant_type") !== JWT_BEARER) {
    return oauthError("unsupported_grant_type");
  }
  try {
    const { publicKey } = await keyPair();
    const { payload } = await jwtVerify(
      form.get("assertion") ?? "",
      publicKey,
      {
        algorithms: ["RS256"],
        issuer: emailOf(name),
        audience,
        requiredClaims: ["iat", "exp", "scope"],
        maxTokenAge: "1h",
        clockTolerance: 10,
      },
    );
    if (payload.exp! - payload.iat! > HOUR_MS / 1000) {
      return oauthError("invalid_grant", "Token must be a short-lived token");
    }
    return String(payload.scope);
  } catch (error) {
    return oauthError("invalid_grant", `Invalid JWT: ${error}`);
  }
}

function readRefresh(form: URLSearchParams, name: string): string | Reply {
  return form.get("refresh_token") === `1//${name}` &&
      form.get("client_secret") === "lab-client-secret"
    ? FULL_SCOPE
    : oauthError("invalid_grant", "Bad Request");
}

function oauthError(error: string, error_description = error): Reply {
  const body = JSON.stringify({ error, error_description });
  const headers = { "content-type": "application/json; charset=utf-8" };
  return { status: 400, headers, body, error };
}

function emailOf(name: string): string {
  return `${name}@${PROJECT}.iam.gserviceaccount.com`;
}

function keyPair(): Promise<CryptoKeyPair> {
  return keys ??= crypto.subtle.generateKey(ALGORITHM, true, [
    "sign",
    "verify",
  ]);
}

async function privateKey(): Promise<string> {
  const { privateKey } = await keyPair();
  const bytes = await crypto.subtle.exportKey("pkcs8", privateKey);
  const lines = Buffer.from(bytes).toString("base64").match(/.{1,64}/g)!;
  return [
    "-----BEGIN PRIVATE KEY-----",
    ...lines,
    "-----END PRIVATE KEY-----",
    "",
  ].join("\n");
}
