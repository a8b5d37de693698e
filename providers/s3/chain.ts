/**
 * The places where AWS puts credentials for a program: the environment, a web
 * identity (EKS), the container's own address (ECS, EKS Pod Identity).
 *
 * See https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
 *
 * @module
 */

import {
  type HttpAnswer,
  HttpError,
  type HttpRequest,
  type RetryPolicy,
  sendWithRetries,
} from "../../src/http/retry.ts";
import { environment } from "../../src/runtime.ts";
import type { S3Credentials } from "./credentials.ts";
import { awsDomain, endpointOf } from "./place.ts";
import { S3Problem } from "./problem.ts";
import { errorCodeOf, textsOf } from "./xml.ts";

/** Where plain HTTP never leaves the machine or its host. */
const NEAR =
  /^(localhost|127(\.\d+){3}|\[::1\]|169\.254\.170\.(2|23)|\[fd00:ec2::23\])$/;

/**
 * Looks for credentials, in the order of the AWS SDKs.
 *
 * @param region The region, for the address of STS.
 * @param policy How requests are sent.
 * @returns The credentials.
 * @throws {S3Problem} If there are none, or they could not be had.
 */
export async function findCredentials(
  region: string,
  policy: RetryPolicy,
): Promise<S3Credentials> {
  const accessKeyId = environment("AWS_ACCESS_KEY_ID");
  const secretAccessKey = environment("AWS_SECRET_ACCESS_KEY");
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    const sessionToken = environment("AWS_SESSION_TOKEN");
    return { accessKeyId, secretAccessKey, sessionToken };
  }
  if (accessKeyId !== undefined || secretAccessKey !== undefined) {
    throw new S3Problem(
      "of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, only one is set",
    );
  }
  const file = environment("AWS_WEB_IDENTITY_TOKEN_FILE");
  const role = environment("AWS_ROLE_ARN");
  if (file !== undefined && role !== undefined) {
    return await assumeRole(file, role, region, policy);
  }
  const uri = containerUri();
  if (uri !== undefined) return await askContainer(uri, policy);
  throw new S3Problem(
    'no credentials were found: give "credentials", or set ' +
      "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or " +
      "AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN, or " +
      "AWS_CONTAINER_CREDENTIALS_FULL_URI or _RELATIVE_URI (profiles, that is " +
      "AWS_PROFILE and ~/.aws, and the metadata of EC2 are not read)",
  );
}

/** Trades the token in a file for credentials; it is read anew each time. */
async function assumeRole(
  file: string,
  role: string,
  region: string,
  policy: RetryPolicy,
): Promise<S3Credentials> {
  const url = endpointOf("AWS_ENDPOINT_URL_STS") ??
    `https://sts.${region}.${awsDomain(region)}`;
  const answer = await ask("STS", { ...policy, retryIf }, async () => ({
    url: `${url}/`,
    init: {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({
        Action: "AssumeRoleWithWebIdentity",
        Version: "2011-06-15",
        RoleArn: role,
        RoleSessionName: environment("AWS_ROLE_SESSION_NAME") ?? "dotflow",
        WebIdentityToken: await readToken(file, "AWS_WEB_IDENTITY_TOKEN_FILE"),
      }).toString(),
    },
  }));
  const xml = new TextDecoder().decode(answer.body);
  if (answer.status !== 200) {
    const code = errorCodeOf(xml) ?? "";
    throw new S3Problem(
      "STS refused the web identity " +
        `(${`${answer.status} ${code}`.trim()}); check AWS_ROLE_ARN and the ` +
        "token in AWS_WEB_IDENTITY_TOKEN_FILE",
    );
  }
  const [accessKeyId] = textsOf(xml, "AccessKeyId");
  const [secretAccessKey] = textsOf(xml, "SecretAccessKey");
  const [sessionToken] = textsOf(xml, "SessionToken");
  const [expiration] = textsOf(xml, "Expiration");
  return { accessKeyId, secretAccessKey, sessionToken, expiration };
}

/** STS could not reach whom it asks about tokens. */
function retryIf({ body }: HttpAnswer): string | undefined {
  const code = errorCodeOf(new TextDecoder().decode(body));
  return code === "IDPCommunicationError" ? code : undefined;
}

function containerUri(): string | undefined {
  const relative = environment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  return relative === undefined
    ? environment("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    : `http://169.254.170.2${relative}`;
}

async function askContainer(
  uri: string,
  policy: RetryPolicy,
): Promise<S3Credentials> {
  const where = "the container's credentials address";
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  const near = url?.protocol === "http:" && NEAR.test(url.hostname);
  if (!near && url?.protocol !== "https:") {
    throw new S3Problem(
      "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor on this machine",
    );
  }
  const file = environment("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  const answer = await ask(where, policy, async () => {
    const authorization = file === undefined
      ? environment("AWS_CONTAINER_AUTHORIZATION_TOKEN")
      : await readToken(file, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    const headers = { ...authorization && { authorization } };
    return { url: uri, init: { headers, redirect: "manual" } };
  });
  if (answer.status !== 200) {
    throw new S3Problem(`${where} answered with status ${answer.status}`);
  }
  try {
    const text = new TextDecoder().decode(answer.body);
    const { AccessKeyId, SecretAccessKey, Token, Expiration } = JSON.parse(
      text,
    );
    return {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: Token,
      expiration: Expiration,
    };
  } catch {
    throw new S3Problem(`${where} answered with something that is no JSON`);
  }
}

async function ask(
  whom: string,
  policy: RetryPolicy,
  prepare: () => Promise<HttpRequest>,
): Promise<HttpAnswer> {
  try {
    return await sendWithRetries(prepare, policy);
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    throw new S3Problem(`${whom} gave no credentials: ${error.message}`);
  }
}

async function readToken(file: string, variable: string): Promise<string> {
  let token: string;
  try {
    const { readFile } = await import("node:fs/promises");
    token = (await readFile(file, "utf8")).trim();
  } catch (error) {
    const { code } = error as { code?: unknown };
    const reason = typeof code === "string" ? ` (${code})` : "";
    throw new S3Problem(`the file of ${variable} cannot be read${reason}`);
  }
  if (/^[\x21-\x7e]+( [\x21-\x7e]+)?$/.test(token)) return token;
  throw new S3Problem(`the file of ${variable} has no token`);
}
