// What the server says by itself: jobs, files that changed, overlays, and that it is gone or there again.

import { getJob, getJobs, getModel, getServer } from './api';
import { complain, say } from './notify';
import { jobs, noteModel, PATIENCE_MS, refreshModels, reloadPane } from './open';
import type { Job } from './source';
import { online, overlayChanged, panes, server, source } from './store';

/** Jobs that have begun a moment ago: what ends soon is not shown. */
const begun = new Map<number, { job: Job; timer: number }>();

/** Who follows jobs. */
const followers = new Set<(job: Job) => void>();

export const goesOn = (job: Job): boolean => job.state === 'queued' || job.state === 'running';

/** How long news are waited for before a job is asked for: they are lost when it ended before somebody listened (which a short
 * one does), or when the stream of events is cut. */
const FIRST_MS = 150, LATER_MS = 1000;

/** A job as it goes on: first as it is given, last when it has ended. Of news that come while the last are dealt with only the
 * newest are told. Throws Problem. */
export async function* jobNews(job: Job, signal?: AbortSignal): AsyncGenerator<Job, void> {
  let told: Job | null = null, wake = () => {};
  const listen = (news: Job) => {
    if (news.id !== job.id) return;
    told = news;
    wake();
  };
  followers.add(listen);
  signal?.addEventListener('abort', () => wake());
  try {
    for (let ms = FIRST_MS; ; ms = LATER_MS) {
      yield job;
      if (!goesOn(job)) return;
      if (!told && !signal?.aborted) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          wake = () => { clearTimeout(timer); resolve(); };
        });
      }
      job = told ?? await getJob(job.id, { signal });
      told = null;
    }
  } finally {
    followers.delete(listen);
  }
}

function noteJob(job: Job): void {
  for (const listen of followers) listen(job);
  const known = begun.get(job.id), shown = jobs.peek().has(job.id);
  if (goesOn(job)) {
    if (shown) jobs.value = new Map(jobs.peek()).set(job.id, job);
    else if (known) known.job = job;
    else begun.set(job.id, { job, timer: setTimeout(() => showJob(job.id), PATIENCE_MS) });
    return;
  }
  clearTimeout(known?.timer);
  begun.delete(job.id);
  if (!shown) return;
  const next = new Map(jobs.peek());
  next.delete(job.id);
  jobs.value = next;
}

function showJob(id: number): void {
  const { job } = begun.get(id)!;
  begun.delete(id);
  jobs.value = new Map(jobs.peek()).set(id, job);
}

/** Another version of a file: panes of the old one go to the new one, with their view. */
async function fileChanged(event: { path: string; hash: string; old: string }): Promise<void> {
  const shown = panes.peek().filter((p) => p.ref.peek()?.model === event.old);
  if (!shown.length) return;
  try {
    noteModel(await getModel(event.hash));
    await Promise.all(shown.map((p) => reloadPane(p, event.hash)));
    say(`${event.path.slice(event.path.lastIndexOf('/') + 1)} has changed and was loaded again.`);
  } catch (thrown) {
    complain(thrown);
  }
}

async function everything(): Promise<void> {
  server.value = await getServer();
  jobs.value = new Map((await getJobs()).filter(goesOn).map((j) => [j.id, j]));
  await refreshModels();
}

export function startEvents(): void {
  source().events({
    job: noteJob,
    file: (event) => void fileChanged(event),
    overlay: (event) => { overlayChanged.value = { model: event.model }; },
    lost: () => {
      overlayChanged.value = { model: '' };
      everything().catch(() => {});
    },
    online: (now) => {
      online.value = now;
      if (!now) return;
      everything().catch(() => {});
      // What failed while it was away is tried again.
      for (const pane of panes.peek()) if (pane.problem.peek()?.detail.status === 0) void reloadPane(pane);
    },
  });
}
