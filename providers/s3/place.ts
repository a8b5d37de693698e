/**
 * Where a bucket is.
 *
 * @module
 */

import { environment } from "../../src/runtime.ts";
import { S3Problem } from "./problem.ts";

/** What is known of the place when the storage is made. */
export interface PlaceOptions {
  /** The bucket. */
  readonly bucket: string;
  /** The region, where it was given. */
  readonly region: string | undefined;
  /** The server, where it was given. */
  readonly endpoint: string | undefined;
  /** Whether the bucket is in the path, where it was said. */
  readonly pathStyle: boolean | undefined;
}

/** A place that requests can be sent to. */
export interface Place {
  /** The address of the bucket, without a slash at its end. */
  readonly url: string;
  /** The host, for messages. */
  readonly host: string;
  /** The region, which signatures name. */
  readonly region: string;
}

/**
 * Completes what was given by what the environment says.
 *
 * @param options What was given.
 * @returns The place.
 * @throws {S3Problem} If something is missing or unreadable.
 */
export function findPlace(options: PlaceOptions): Place {
  const { bucket } = options;
  const endpoint = options.endpoint ?? endpointOf("AWS_ENDPOINT_URL_S3");
  const region = options.region ?? environment("AWS_REGION") ??
    environment("AWS_DEFAULT_REGION") ?? impliedRegion(endpoint);
  if (endpoint !== undefined && namesBucket(endpoint, bucket)) {
    throw new S3Problem(`AWS_ENDPOINT_URL: ${leaveOut(bucket)}`);
  }
  if (region === undefined) {
    throw new S3Problem(
      'no region is set: give "region", or set AWS_REGION (servers that have ' +
        'no regions take "us-east-1")',
    );
  }
  if (!isRegion(region)) throw new S3Problem("AWS_REGION is no region");
  const base = new URL(endpoint ?? `https://s3.${region}.${awsDomain(region)}`);
  // Dots and capitals in the bucket's name do not go with certificates.
  const pathStyle = options.pathStyle ??
    (endpoint !== undefined || !/^[a-z0-9-]+$/.test(bucket));
  if (!pathStyle) base.host = `${bucket}.${base.host}`;
  const url = base.href.replace(/\/$/, "") + (pathStyle ? `/${bucket}` : "");
  return { url, host: base.host, region };
}

/**
 * Reads an address from the environment.
 *
 * @param variable The variable of the one service; `AWS_ENDPOINT_URL` is for all.
 * @returns The address, without a slash at its end; undefined where none is set.
 * @throws {S3Problem} If it is no address.
 */
export function endpointOf(variable: string): string | undefined {
  for (const name of [variable, "AWS_ENDPOINT_URL"]) {
    const value = environment(name);
    if (value === undefined) continue;
    if (isEndpoint(value)) return value.replace(/\/+$/, "");
    throw new S3Problem(`${name} is no http or https address`);
  }
  return undefined;
}

/**
 * Tells whether a text is an address that requests can be sent to.
 *
 * @param value The text.
 * @returns Whether it is http or https, without credentials, query or fragment.
 */
export function isEndpoint(value: string): boolean {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  return /^https?:$/.test(url?.protocol ?? "") &&
    !/[@?#]|^https?:\/?[^/]/i.test(value);
}

/**
 * Tells whether an address has the bucket in its path, where it would be twice.
 *
 * @param endpoint The address.
 * @param bucket The bucket.
 * @returns Whether it has.
 */
export function namesBucket(endpoint: string, bucket: string): boolean {
  return new URL(endpoint).pathname.split("/").includes(bucket);
}

/**
 * Says what to do about such an address.
 *
 * @param bucket The bucket.
 * @returns The words.
 */
export function leaveOut(bucket: string): string {
  return `leave "/${bucket}" out of the address; it is added`;
}

/**
 * Tells whether a text can be the name of a region.
 *
 * @param value The text.
 * @returns Whether it is made of letters, digits and hyphens.
 */
export function isRegion(value: string): boolean {
  return /^[a-z0-9][a-z0-9-]{0,62}$/i.test(value);
}

/**
 * The domain of AWS's own addresses.
 *
 * @param region The region.
 * @returns The domain.
 */
export function awsDomain(region: string): string {
  return region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
}

/** R2 has one region; addresses of AWS name theirs. */
function impliedRegion(endpoint: string | undefined): string | undefined {
  if (endpoint === undefined) return undefined;
  const { hostname } = new URL(endpoint);
  if (hostname.endsWith(".r2.cloudflarestorage.com")) return "auto";
  return /(?:^|\.)s3[.-](?:dualstack\.)?([a-z]{2}-[a-z0-9-]+-\d)\.amazonaws\./
    .exec(hostname)?.[1];
}
