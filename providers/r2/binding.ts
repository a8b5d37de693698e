/**
 * What is used of the binding to an R2 bucket.
 *
 * @see https://developers.cloudflare.com/r2/api/workers/workers-api-reference/
 * @module
 */

/** What R2 tells of an object. */
export interface R2Head {
  /** Its name. */
  readonly key: string;
  /** What changes with its content; without quotes. */
  readonly etag: string;
  /** What the one who wrote it has added. */
  readonly customMetadata?: Record<string, string>;
}

/** An object with its content. */
export interface R2Body extends R2Head {
  /** Reads the content. */
  text(): Promise<string>;
}

/** What must hold for a write. */
export interface R2Condition {
  /** What is there must have this ETag. */
  readonly etagMatches?: string;
  /** What is there must not have this ETag; `*`: nothing may be there. */
  readonly etagDoesNotMatch?: string;
}

/** A page of a list. */
export interface R2List {
  /** The objects. */
  readonly objects: readonly { readonly key: string }[];
  /** Whether there are more. */
  readonly truncated: boolean;
  /** Where the next page begins. */
  readonly cursor?: string;
}

/** The binding to a bucket, `R2Bucket` in the types of Workers. */
export interface R2Binding {
  /** Asks what an object is, if it is there. */
  head(key: string): Promise<R2Head | null>;
  /** Reads an object, if it is there. */
  get(key: string): Promise<R2Body | null>;
  /** Writes an object; null where the condition does not hold. */
  put(
    key: string,
    value: string,
    options?: {
      /** What must hold for it. */
      onlyIf?: R2Condition;
      /** What to keep with the object. */
      customMetadata?: Record<string, string>;
    },
  ): Promise<R2Head | null>;
  /** Removes objects, up to a thousand; those that are not there are passed. */
  delete(keys: string | string[]): Promise<void>;
  /** Lists objects, at most a thousand. */
  list(options?: { prefix?: string; cursor?: string }): Promise<R2List>;
}

/**
 * Tells whether a value is a binding to a bucket.
 *
 * @param value What was given.
 * @returns Whether it has the methods of one.
 */
export function isBinding(value: unknown): value is R2Binding {
  if (typeof value !== "object" || value === null) return false;
  const binding = value as Record<string, unknown>;
  return ["head", "get", "put", "delete", "list"].every((name) =>
    typeof binding[name] === "function"
  );
}
