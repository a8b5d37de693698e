/**
 * What stands in the way of a request, before it has a place and a name.
 *
 * @module
 */

/** Why something cannot be done: words without secrets. */
export class S3Problem extends Error {
  /**
   * Makes an `S3Problem`.
   *
   * @param reason What is wrong, and what to do.
   */
  constructor(readonly reason: string) {
    super(reason);
    this.name = "S3Problem";
  }
}
