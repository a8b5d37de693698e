/** Prints how much longer a run is with watchers, which do as they are told. */

import process from "node:process";
import { timeWatchers } from "../watcher_time.ts";

console.log(JSON.stringify(await timeWatchers(process.argv[2])));
