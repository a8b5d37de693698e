/** Runs workflows whose timers are long, and must not outlive them. */

import { action, DotFlow } from "@dotflow/dotflow";

const steps = {
  Completed: action({ timeout: "1h" }, () => 1),
  Failed: action({ timeout: "1h" }, () => {
    throw new Error("no");
  }),
  Cancelled: action({ timeout: "1h" }, () => new Promise(() => {})),
};

for (const step of Object.values(steps)) {
  const workflow = new DotFlow();
  workflow.task.add(step);
  const run = await workflow.start({ mode: "background", timeout: "2h" });
  setTimeout(() => run.cancel(), 10);
  await run.finished;
  console.log(`ended ${run.status}`);
}
