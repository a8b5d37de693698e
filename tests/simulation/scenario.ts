/**
 * What happens in a virtual world: who starts the workflow when, who is held,
 * who dies, what is deleted. All of it is drawn from the seed.
 *
 * @module
 */

import type { Run } from "@dotflow/dotflow";
import { Bucket, CUT, lag } from "./bucket.ts";
import { Actor } from "./actor.ts";
import { Judge, SLOWEST, WORKFLOW } from "./judge.ts";
import { drawPlan, type Plan } from "./plan.ts";
import type { Engine } from "./storage.ts";
import { Workflows } from "./workflow.ts";
import { Node } from "./node.ts";
import { World } from "./world.ts";

/** How a node starts the workflow. */
interface Start {
  readonly resume: boolean;
  readonly wait?: number;
  readonly input: number;
  readonly variant: number;
  readonly onChange: "raise" | "reset";
  readonly cancelAfterMs?: number;
}

/** Plays one seed. */
export class Scenario {
  readonly world: World;
  readonly judge: Judge;
  readonly #bucket: Bucket;
  readonly #plan: Plan;
  readonly #workflows: Workflows;
  readonly #hand: Actor;
  readonly #open = new Set<Actor>();
  readonly #nodes: Node[] = [];
  #names = 0;
  #healed = false;
  #concluding = false;
  #over = false;

  constructor(engine: Engine, seed: number, history: boolean) {
    const world = this.world = new World(seed, { history });
    const plan = this.#plan = drawPlan(world);
    const judge = this.judge = new Judge(world, plan);
    const bucket = this.#bucket = new Bucket(world, judge, plan.faults);
    this.#workflows = new Workflows(engine, world, plan, bucket, judge);
    this.#hand = new Actor("the hand", undefined);
    world.note(() => JSON.stringify(plan));
  }

  /**
   * Plays it to its end.
   *
   * @throws {Violation} If a promise was broken.
   */
  async play(): Promise<void> {
    const { world } = this;
    const { leaseMs, endMs } = this.#plan;
    const nodes = world.between(2, 4);
    for (let n = 0; n < nodes; n++) this.#bear();
    for (let harms = world.between(1, 5); harms > 0; harms--) {
      world.after(world.random(endMs), undefined, () => this.#harm());
    }
    this.#deleteThings();
    world.after(endMs, undefined, () => this.#heal());
    await world.play(endMs + 200 * leaseMs);
    if (!this.#over) this.judge.breach("not every start has settled");
    if (world.timersLeft > 0) this.judge.breach("a timer never ends");
    world.check();
  }

  /** A process is born: it starts the workflow now and then, until it dies. */
  #bear(): void {
    const { world } = this;
    const { leaseMs, endMs } = this.#plan;
    const rate = world.chance(0.9)
      ? 0.95 + 0.1 * world.between(0, 1)
      : 0.95 + world.random(0.1);
    const hours = 3_600_000 * (world.random(10) - 5);
    const wallOffsetMs = world.chance(0.5) ? 0 : hours;
    const name = `n${this.#nodes.length + 1}`;
    const sleeps = world.chance(0.3);
    const clock = { rate, wallOffsetMs, sleeps };
    const node = new Node(name, world, clock);
    this.#nodes.push(node);
    world.note(() => `${name}  is born: ${JSON.stringify(clock)}`);
    let acts = world.between(1, 3);
    const next = () => {
      const delayMs = world.random(world.chance(0.4) ? 500 : 1.5 * leaseMs);
      if (acts-- <= 0 || world.now + delayMs > endMs) return;
      // Now and then it acts again before its last act has ended.
      const overlaps = world.chance(0.15);
      world.after(delayMs, node, () => {
        this.#act(node, overlaps ? () => {} : next);
        if (overlaps) next();
      });
    };
    next();
  }

  /** Something befalls a process; more often than not the owner. */
  #harm(): void {
    const { world } = this;
    const { leaseMs } = this.#plan;
    const living = this.#nodes.filter((node) => !node.crashed);
    if (living.length === 0) return;
    const owner = this.judge.latest?.actor;
    const node = owner && this.#open.has(owner) && world.chance(0.6)
      ? owner.node!
      : living[world.between(0, living.length - 1)];
    const kind = world.random(1.3);
    if (kind < 0.35) return this.#crash(node);
    if (kind < 0.75) {
      const ms = world.random(3) * leaseMs;
      world.note(() => `${node.name}  is held for ${ms} ms`);
      this.#shake(node);
      node.hold(ms);
    } else if (kind < 0.95) {
      const farMs = world.chance(0.5) ? 2 * leaseMs : 20_000_000;
      const ms = (world.random(2) - 1) * farMs;
      // A machine that sleeps has only its wall clock to tell for how long.
      if (node.sleeps) return;
      world.note(() => `${node.name}  has its wall clock set by ${ms} ms`);
      this.#shake(node);
      node.wallOffsetMs += ms;
    } else {
      const ms = (0.5 + world.random(2)) * leaseMs;
      const faults = world.chance(0.5) ? CUT : lag(world.random(2) * leaseMs);
      world.note(() =>
        `${node.name}  has for ${ms} ms ${JSON.stringify(faults)}`
      );
      node.faults = faults;
      world.after(ms, undefined, () => node.faults = undefined);
      // What it has sent may well arrive when it is no more.
      if (world.chance(0.4)) {
        const delayMs = world.random(ms);
        world.after(delayMs, undefined, () => this.#crash(node));
      }
    }
  }

  #shake(node: Node): void {
    for (const actor of this.#open) {
      if (actor.node === node) actor.shaken = true;
    }
  }

  /** A process dies; another may take its place. */
  #crash(node: Node): void {
    const { world } = this;
    if (node.crashed || this.#healed) return;
    world.note(() => `${node.name}  dies`);
    node.crashed = true;
    this.#bucket.dead.add(node.name);
    for (const actor of this.#open) {
      if (actor.node === node) this.#open.delete(actor);
    }
    const delayMs = world.random(1.5 * this.#plan.leaseMs);
    if (world.chance(0.3) || world.now + delayMs > this.#plan.endMs) return;
    world.after(delayMs, undefined, () => this.#bear());
  }

  /** Somebody deletes what the engine has stored. */
  #deleteThings(): void {
    const { world } = this;
    const sometimes = (probability: number, pick: (key: string) => boolean) => {
      if (!world.chance(probability)) return;
      world.after(world.random(this.#plan.endMs), undefined, () => {
        const keys = this.#bucket.keys(WORKFLOW).filter(pick);
        if (keys.length === 0) return;
        const key = keys[world.between(0, keys.length - 1)];
        world.note(() => `  hand    deletes ${key}`);
        this.#bucket.write(key, undefined, this.#hand);
      });
    };
    sometimes(0.06, (key) => key.endsWith("/_run"));
    sometimes(0.06, (key) => !key.endsWith("/_run"));
  }

  /** A process starts or clears the workflow. */
  #act(node: Node, then: () => void): void {
    const { world } = this;
    const { leaseMs } = this.#plan;
    if (world.chance(0.1)) return this.#clear(node, then);
    const wait = world.chance(0.2) ? 0 : world.random(6 * leaseMs);
    this.#start(node, {
      resume: world.chance(0.8),
      wait: world.chance(0.5) ? undefined : wait,
      input: world.chance(0.85) ? 0 : 1,
      variant: world.chance(0.9) ? 0 : 1,
      onChange: world.chance(0.5) ? "raise" : "reset",
      cancelAfterMs: world.chance(0.08) ? world.random(leaseMs) : undefined,
    }, then);
  }

  #clear(node: Node, then: () => void): void {
    const actor = this.#enter(node);
    this.world.note(() => `${actor.name}  clears`);
    this.#workflows.make(actor, 0).clear().then(
      () => {
        this.world.note(() => `${actor.name}  has cleared`);
        this.#leave(actor);
      },
      (error) => this.#rejected(actor, error),
    ).then(then);
  }

  #start(
    node: Node,
    { resume, wait, input, variant, onChange, cancelAfterMs }: Start,
    then: (run: Run | undefined) => void,
  ): void {
    const { judge, world } = this;
    const actor = this.#enter(node, wait);
    world.note(() =>
      `${actor.name}  start ` +
      JSON.stringify({ resume, wait, input, variant, onChange })
    );
    const controller = new AbortController();
    if (cancelAfterMs !== undefined) {
      world.after(cancelAfterMs, node, () => controller.abort("enough"));
    }
    const given = { number: input, variant, actor };
    this.#workflows.make(actor, variant).start({
      mode: this.#plan.mode,
      resume,
      input: given,
      fingerprint: `${input}`,
      onInputChange: onChange,
      onWorkflowChange: onChange,
      ...wait === undefined ? {} : { wait },
      ...cancelAfterMs === undefined ? {} : { signal: controller.signal },
    }).then(
      (run) => {
        world.note(() => `${actor.name}  ends: ${run.status}`);
        if (run.status !== "Completed" && cancelAfterMs === undefined) {
          judge.breach(`${actor.name} ends as ${run.status}`);
        }
        this.#workflows.check(run, given);
        judge.recorded(actor, run.runId, run.status);
        this.#leave(actor);
        return run;
      },
      (error) => void this.#rejected(actor, error),
    ).then(then);
  }

  #enter(node: Node, wait?: number): Actor {
    const actor = new Actor(`${node.name}.${++this.#names}`, node, wait);
    this.#open.add(actor);
    this.judge.actors.add(actor);
    return actor;
  }

  #leave(actor: Actor): void {
    actor.ended = true;
    this.#open.delete(actor);
    this.judge.actors.delete(actor);
    this.#conclude();
  }

  #rejected(actor: Actor, error: Error & { code?: string }): void {
    const { judge, world } = this;
    const { code, message } = error;
    world.note(() => `${actor.name}  rejects: ${code} ${message}`);
    if (code === "WORKFLOW_LOCKED") judge.locked(actor);
    else if (code === "STORAGE") judge.failed(actor);
    else if (!MAY_REJECT.includes(code!)) {
      judge.breach(`${actor.name} rejects: ${error.stack}`);
    }
    this.#leave(actor);
  }

  #heal(): void {
    const { world } = this;
    world.note(() => "all faults end");
    this.#workflows.badLuck = 0;
    for (const node of this.#nodes) node.faults = undefined;
    this.#bucket.heal();
    // What is still on its way arrives before the end begins.
    const restMs = Math.max(
      this.#plan.faults?.longMs ?? 0,
      this.#plan.leaseMs,
      ...this.#nodes.map((node) => node.heldUntil - world.now),
    );
    world.after(restMs + 1_000, undefined, () => {
      this.#healed = true;
      this.#conclude();
    });
  }

  /**
   * When everybody has ended, one more start with `resume` finishes what is
   * left, and waits no longer than for the lease of a dead owner; and yet
   * another finds everything done and the workflow given back.
   */
  #conclude(): void {
    if (!this.#healed || this.#concluding || this.#open.size > 0) return;
    this.#concluding = true;
    const { judge, world } = this;
    const { leaseMs, steps } = this.#plan;
    const clock = {
      rate: 0.95 + world.random(0.1),
      wallOffsetMs: 0,
      sleeps: false,
    };
    const node = new Node("last", world, clock);
    const begin = (
      wait: number | undefined,
      mostMs: number,
      then: (run: Run) => void,
    ) => {
      const sinceMs = world.now;
      const resume = true;
      const onChange = "reset";
      const start = { resume, wait, input: 0, variant: 0, onChange } as const;
      world.after(0, node, () =>
        this.#start(node, start, (run) => {
          const tookMs = world.now - sinceMs;
          if (run?.status !== "Completed") {
            return judge.breach("the last start does not complete");
          }
          if (tookMs > mostMs) {
            judge.breach(`the last start took ${tookMs} ms, not ${mostMs}`);
          }
          judge.end();
          then(run);
        }));
    };
    const requestsMs = 80 * this.#bucket.latencyMs + 300;
    const stepsMs = steps.reduce((sum, s) => sum + s.ms * s.methods, 0);
    const afterDeathMs = (1.1 * leaseMs + stepsMs) / SLOWEST + requestsMs;
    begin(
      20 * leaseMs,
      afterDeathMs,
      (run) =>
        begin(undefined, requestsMs, (again) => {
          if (
            again.runId !== run.runId || again.tasks.some((t) => !t.restored)
          ) {
            judge.breach("what was finished is run again");
          }
          this.#over = true;
        }),
    );
  }
}

/** What a start may reject with besides, for reasons of its own. */
const MAY_REJECT = ["INPUT_CHANGED", "WORKFLOW_CHANGED", "WORKFLOW_CANCELLED"];
