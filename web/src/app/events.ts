// What the server says by itself: jobs, files that changed, overlays, and that it is gone or there again.

import { getJob, getJobs, getModel, getServer } from './api';
import { complain, say } from './notify';
import { jobs, noteModel, PATIENCE_MS, refreshModels, reloadPane } from './open';
import type { Job } from './source';
import { online, overlayChanged, panes, server, source } from './store';

/** Jobs that have begun a moment ago: what ends soon is not shown. */
const begun = new Map<number, { job: Job; timer: number }>();

/** Who waits for news of a job. */
const waiting = new Map<number, (job: Job) => void>();

/** What is told of a job next. Without news it is asked for after `ms`: they are lost when it ended before somebody listened,
 * or when the stream of events is cut. Throws Problem. */
export async function jobNews(id: number, ms: number, signal?: AbortSignal): Promise<Job> {
  let timer = 0;
  const told = await new Promise<Job | null>((resolve) => {
    waiting.set(id, resolve);
    timer = setTimeout(() => resolve(null), ms);
    signal?.addEventListener('abort', () => resolve(null), { once: true });
  });
  clearTimeout(timer);
  waiting.delete(id);
  return told ?? getJob(id, { signal });
}

function noteJob(job: Job): void {
  waiting.get(job.id)?.(job);
  const known = begun.get(job.id), shown = jobs.peek().has(job.id);
  if (job.state === 'queued' || job.state === 'running') {
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
  jobs.value = new Map((await getJobs()).filter((j) => j.state === 'running' || j.state === 'queued').map((j) => [j.id, j]));
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
