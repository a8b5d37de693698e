/**
 * A module with nothing in it: the floor of an import.
 *
 * @module
 */

export {};
