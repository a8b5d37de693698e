/**
 * The base of every error that a caller may want to catch.
 *
 * @module
 */

import { brand } from "./brand.ts";

/** The base of every error of this package. */
export class DotFlowError extends Error {
  static {
    brand(this, Symbol.for("dotflow.error"));
  }

  /** What went wrong, as a stable word for programs. */
  readonly code: string;

  /**
   * Makes a `DotFlowError`.
   *
   * @param name The name of the error's class; `code` is made from it.
   * @param message What is wrong, where, and what to do.
   * @param options The `cause`, where there is one.
   */
  constructor(name: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = name;
    this.code = name.replace(/Error$/, "").replace(/\B[A-Z]/g, "_$&")
      .toUpperCase();
  }
}
