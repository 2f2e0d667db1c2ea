// Progress, and the button that ends it.

import type { Wait } from './store';

export function WaitCard({ wait }: { wait: Wait }) {
  const share = wait.total > 0 ? Math.min(1, wait.done / wait.total) : null;
  return (
    <div class="wait" role="status" aria-live="polite">
      <div class="wait-text">{wait.text}{share !== null && <span class="muted"> {Math.round(share * 100)} %</span>}</div>
      <div class={`bar ${share === null ? 'unknown' : ''}`} role="progressbar" aria-label={wait.text}
        aria-valuenow={share === null ? undefined : Math.round(share * 100)} aria-valuemin={0} aria-valuemax={100}>
        <div style={{ width: share === null ? undefined : `${share * 100}%` }} />
      </div>
      {wait.cancel && <button onClick={wait.cancel}>Cancel</button>}
    </div>
  );
}

