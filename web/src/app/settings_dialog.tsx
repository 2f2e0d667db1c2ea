// The settings dialog, made of the table of settings.

import { allSettings, type Setting } from './settings';
import { Dialog, showOverlay } from './overlay';

export function openSettings(): void {
  showOverlay((close) => <Settings close={close} />);
}

function Settings({ close }: { close: () => void }) {
  const groups = new Map<string, Setting[]>();
  for (const s of allSettings()) groups.set(s.group, [...(groups.get(s.group) ?? []), s]);
  return (
    <Dialog title="Settings" close={close} width={600} class="settings">
      {[...groups].map(([group, list]) => (
        <fieldset key={group}><legend>{group}</legend>{list.map((s) => <One key={s.id} setting={s} />)}</fieldset>
      ))}
    </Dialog>
  );
}

function One({ setting: s }: { setting: Setting }) {
  const id = `setting-${s.id}`;
  return (
    <div class={`setting setting-${s.kind}`}>
      <label for={id}>{s.title}{s.help && <span class="muted"> {s.help}</span>}</label>
      {s.kind === 'switch' ? <input id={id} type="checkbox" role="switch" checked={s.value.value} onChange={(e) => { s.value.value = e.currentTarget.checked; }} />
        : s.kind === 'number' ? (
          <input id={id} type="number" min={s.min} max={s.max} step={s.step} value={s.value.value}
            onChange={(e) => {
              const n = e.currentTarget.valueAsNumber;
              if (Number.isFinite(n)) s.value.value = Math.min(s.max, Math.max(s.min, n));
              e.currentTarget.value = String(s.value.peek());
            }} />
        )
        : s.kind === 'colour' ? (
          <>
            {s.value.value && <button class="link" aria-label={`${s.title}: as usual`} onClick={() => { s.value.value = ''; }}>As usual</button>}
            <input id={id} type="color" value={s.value.value || s.usual()} onInput={(e) => { s.value.value = e.currentTarget.value; }} />
          </>
        )
        : s.kind === 'text' ? <input id={id} type="text" value={s.value.value} placeholder={s.placeholder} onChange={(e) => { s.value.value = e.currentTarget.value; }} />
        : (
          <select id={id} value={s.value.value} onChange={(e) => { s.value.value = e.currentTarget.value; }}>
            {s.choices.map((c) => <option key={c.value} value={c.value}>{c.title}</option>)}
          </select>
        )}
    </div>
  );
}
