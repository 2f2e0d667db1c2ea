// The help page: every shortcut, from the commands' table, and what the mouse does.

import { useSignal } from '@preact/signals';

import { allCommands } from './commands';
import { shortcutText } from './keys';
import { Dialog, showOverlay } from './overlay';

/** What the mouse does in a graph. */
const MOUSE: readonly [string, string][] = [
  ['Wheel', 'Move the view; with Shift sideways'],
  ['Ctrl+Wheel, pinch', 'Zoom at the pointer'],
  ['Drag', 'Move the view'],
  ['Ctrl+Drag', 'Zoom to a rectangle'],
  ['Shift+Click, Shift+Drag', 'Add nodes to the selection'],
  ['Click', 'Select; on empty space deselect'],
  ['Double click', 'Expand or collapse a layer; with Alt all sub-layers; on empty space zoom in'],
  ['Click ⋮ or right click', 'The menu of a node or layer'],
  ['Alt+Click', 'On names in panels: locate and select; on entries of menus: open beside'],
  ['Drop files', 'Open models; node data (JSON) goes to the active pane'],
];

export function openHelp(): void {
  showOverlay((close) => <Help close={close} />);
}

function Help({ close }: { close: () => void }) {
  const filter = useSignal('');
  const words = filter.value.trim().toLowerCase();
  const groups = new Map<string, { keys: string; title: string; help: string }[]>();
  for (const c of allCommands()) {
    if (!c.shortcut) continue;
    const keys = [c.shortcut].flat().map((s) => shortcutText(s)).join(', ');
    if (words && !`${keys} ${c.title} ${c.help ?? ''} ${c.group}`.toLowerCase().includes(words)) continue;
    groups.set(c.group, [...(groups.get(c.group) ?? []), { keys, title: c.title, help: c.help ?? '' }]);
  }
  const mouse = MOUSE.filter(([a, b]) => !words || `${a} ${b}`.toLowerCase().includes(words));
  return (
    <Dialog title="Shortcuts" close={close} width={920} class="help">
      <input type="search" autofocus placeholder="Filter" aria-label="Filter shortcuts" value={filter.value} onInput={(e) => { filter.value = e.currentTarget.value; }} />
      <div class="help-columns">
        {mouse.length > 0 && (
          <section><h3>Mouse</h3><dl>{mouse.map(([what, does]) => <div key={what}><dt>{what}</dt><dd>{does}</dd></div>)}</dl></section>
        )}
        {[...groups].map(([group, rows]) => (
          <section key={group}><h3>{group}</h3>
            <dl>{rows.map((r) => <div key={r.title} title={r.help}><dt>{r.keys.split(', ').map((k) => <kbd key={k}>{k}</kbd>)}</dt><dd>{r.title}</dd></div>)}</dl>
          </section>
        ))}
      </div>
      {groups.size === 0 && mouse.length === 0 && <p class="empty">Nothing fits.</p>}
    </Dialog>
  );
}
