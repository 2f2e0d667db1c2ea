// Ops through the stages of a compilation, in a page without a server: as run_follow of src/server/runs.h does it.

import type { RunStage } from '../app/source';

/** Of each op the ops of the stage before that it came from; null: the op of the same number. */
export type Origins = number[][] | null;

/** The ops of stage `to` that ops of stage `from` came from or became. */
export async function followOps(stages: readonly RunStage[], ops: readonly number[], from: number, to: number, originsOf: (stage: number) => Promise<Origins>): Promise<number[]> {
  let now = new Set(ops);
  for (let n = from; n > to; n--) {
    const origins = stages[n]!.changed ? await originsOf(n) : null;
    if (origins) now = new Set([...now].flatMap((op) => origins[op] ?? []));
  }
  for (let n = from + 1; n <= to; n++) {
    const origins = stages[n]!.changed ? await originsOf(n) : null;
    if (!origins) continue;
    const next = new Set<number>();
    origins.forEach((sources, op) => { if (sources.some((s) => now.has(s))) next.add(op); });
    now = next;
  }
  return [...now].sort((a, b) => a - b);
}
