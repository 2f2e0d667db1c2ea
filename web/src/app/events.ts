// What the server says by itself: jobs, files that changed, overlays, and that it is gone or there again.

import { getJobs, getModel, getServer } from './api';
import { complain, say } from './notify';
import { jobs, noteModel, refreshModels, reloadPane } from './open';
import type { Job } from './source';
import { online, overlayChanged, panes, server, source } from './store';

function noteJob(job: Job): void {
  const next = new Map(jobs.peek());
  if (job.state === 'queued' || job.state === 'running') next.set(job.id, job);
  else next.delete(job.id);
  jobs.value = next;
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
