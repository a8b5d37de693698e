/**
 * What a start writes into the run record to become the owner of a workflow.
 *
 * @module
 */

import { makeOwner } from "./owner.ts";
import { Ownership } from "./ownership.ts";
import { proveSwaps } from "./probe.ts";
import type { RunRecord } from "./record.ts";
import type { Watch } from "./watch.ts";

/** What is claimed. */
export interface Claim {
  /** What the record is to say of it. */
  readonly fields: Pick<RunRecord, "epoch" | "owner" | "renewals">;
  /** The ownership, once that is written; undefined where there is none. */
  readonly ownership: Ownership | undefined;
}

/**
 * Makes a claim, just before it is written.
 *
 * @param watch What the record was watched with.
 * @param epoch How often the workflow has changed hands so far.
 * @returns The claim.
 * @throws {StorageNotConditionalError} If the storage cannot tell two owners
 * apart.
 * @throws {StorageError} If the storage fails.
 */
export async function makeClaim(
  { store, config, owned }: Watch,
  epoch: number,
): Promise<Claim> {
  const { storage } = config;
  const renewals = 0;
  if (!owned) {
    return { fields: { epoch, owner: null, renewals }, ownership: undefined };
  }
  await proveSwaps(storage);
  const owner = await makeOwner(config);
  const fields = { epoch: epoch + 1, owner, renewals };
  return { fields, ownership: new Ownership(store, fields) };
}
