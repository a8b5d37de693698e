/** A module that cannot be loaded. */

throw new Error("the module is broken");
