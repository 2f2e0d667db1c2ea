// Layers in windows of their own over the page: moved by their head, resized at the corner, minimised, with a small tool
// bar. Each has a pane of its own that is not docked, so that everything works in it as in the others.

import { effect, signal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';

import { Icon } from './icons';
import { complain } from './notify';
import { showGraph } from './open';
import { attachView } from './pane_view';
import { runCommand, type CommandContext } from './commands';
import { activePane, Pane } from './store';

interface Popup {
  id: number;
  pane: Pane;
  from: Pane;
  layer: number;
  title: string;
  at: { x: number; y: number; w: number; h: number };
  small: boolean;
}

const popups = signal<readonly Popup[]>([]);
let next = 1;
const LEAST = { w: 240, h: 120 };

/** Opens a layer in a window; the same layer again brings its window to the front. */
export function openLayerPopup(from: Pane, layer: number): void {
  const graph = from.graph.peek(), ref = from.ref.peek();
  if (!graph || !ref) return;
  const open = popups.peek().find((p) => p.from === from && p.layer === layer);
  if (open) {
    front(open.id);
    return;
  }
  const pane = new Pane(`popup${next}`);
  const step = (popups.peek().length % 6) * 28;
  const w = Math.min(560, innerWidth - 80), h = Math.min(420, innerHeight - 120);
  popups.value = [...popups.peek(), {
    id: next++, pane, from, layer, title: graph.label(layer), small: false,
    at: { x: Math.max(20, innerWidth / 2 - w / 2 + step), y: Math.max(60, innerHeight / 2 - h / 2 + step), w, h },
  }];
  showGraph(pane, ref, { state: { root: graph.id(layer) } }).catch(complain);
}

function update(id: number, change: Partial<Popup>): void {
  popups.value = popups.peek().map((p) => (p.id === id ? { ...p, ...change } : p));
}
function front(id: number): void {
  const one = popups.peek().find((p) => p.id === id);
  if (one && popups.peek().at(-1) !== one) popups.value = [...popups.peek().filter((p) => p !== one), one];
}
function close(id: number): void {
  popups.value = popups.peek().filter((p) => p.id !== id);
}

// A window goes with the graph it was opened from.
effect(() => {
  const gone = popups.value.filter((p) => !p.from.ref.value);
  if (gone.length) popups.value = popups.peek().filter((p) => !gone.includes(p));
});

export function Popups() {
  // In the order of opening, so that bringing one to the front does not rebuild its canvas.
  const all = popups.value;
  return <>{[...all].sort((a, b) => a.id - b.id).map((p) => <Window key={p.id} popup={p} z={all.indexOf(p)} />)}</>;
}

/** Follows a drag until the button is let go. */
function drag(event: PointerEvent, move: (dx: number, dy: number) => void): void {
  const target = event.currentTarget as HTMLElement;
  const { clientX: x, clientY: y } = event;
  target.setPointerCapture(event.pointerId);
  const onMove = (e: PointerEvent) => move(e.clientX - x, e.clientY - y);
  const end = () => {
    target.removeEventListener('pointermove', onMove);
    target.removeEventListener('pointerup', end);
    target.removeEventListener('pointercancel', end);
  };
  target.addEventListener('pointermove', onMove);
  target.addEventListener('pointerup', end);
  target.addEventListener('pointercancel', end);
}

function Window({ popup, z }: { popup: Popup; z: number }) {
  const host = useRef<HTMLDivElement>(null);
  const { at, pane, id, small } = popup;
  useLayoutEffect(() => attachView(pane, host.current!, { popup: true }), []);
  const context: CommandContext = { pane, node: pane.selected.value };
  const nudge = (event: KeyboardEvent) => {
    const by = { ArrowLeft: [-16, 0], ArrowRight: [16, 0], ArrowUp: [0, -16], ArrowDown: [0, 16] }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    update(id, event.shiftKey
      ? { at: { ...at, w: Math.max(LEAST.w, at.w + by[0]!), h: Math.max(LEAST.h, at.h + by[1]!) } }
      : { at: { ...at, x: Math.max(0, at.x + by[0]!), y: Math.max(0, at.y + by[1]!) } });
  };
  return (
    <section class={`window ${small ? 'small' : ''}`} role="dialog" aria-label={`Layer ${popup.title}`} onPointerDown={() => front(id)}
      style={{ left: `${at.x}px`, top: `${at.y}px`, width: `${at.w}px`, height: small ? undefined : `${at.h}px`, zIndex: 40 + z }}>
      <header tabIndex={0} aria-label={`Layer ${popup.title}; arrow keys move the window, with Shift they resize it`} onKeyDown={nudge}
        onPointerDown={(e) => {
          if ((e.target as HTMLElement).closest('button')) return;
          drag(e, (dx, dy) => update(id, { at: { ...at, x: Math.min(innerWidth - 60, Math.max(-at.w + 60, at.x + dx)), y: Math.min(innerHeight - 30, Math.max(0, at.y + dy)) } }));
        }}>
        <Icon name="layers" />
        <b title={popup.title}>{popup.title}</b>
        <span class="grow" />
        <button class="icon-button" aria-label="Expand all layers" title="Expand all layers" onClick={() => runCommand('graph.expandAll', context)}><Icon name="expand" size={14} /></button>
        <button class="icon-button" aria-label="Collapse all layers" title="Collapse all layers" onClick={() => runCommand('graph.collapseAll', context)}><Icon name="collapse" size={14} /></button>
        <button class="icon-button" aria-label="Fit" title="Fit" onClick={() => runCommand('view.fit', context)}><Icon name="fit" size={14} /></button>
        <button class="icon-button" aria-label="Locate in the pane" title="Locate the selection in the pane"
          onClick={() => { activePane.value = popup.from; void popup.from.locate(pane.selected.peek() ?? popup.layer, { select: true }); }}><Icon name="locate" size={14} /></button>
        <button class="icon-button" aria-label={small ? 'Restore' : 'Minimise'} title={small ? 'Restore' : 'Minimise'} onClick={() => update(id, { small: !small })}>
          <Icon name={small ? 'plus' : 'minus'} size={14} />
        </button>
        <button class="icon-button" aria-label="Close" title="Close" onClick={() => close(id)}><Icon name="close" size={14} /></button>
      </header>
      <div ref={host} class="canvas" hidden={small} data-pane={pane.id} />
      {!small && <div class="window-grip" aria-hidden="true" onPointerDown={(e) => drag(e, (dx, dy) => update(id, { at: { ...at, w: Math.max(LEAST.w, at.w + dx), h: Math.max(LEAST.h, at.h + dy) } }))} />}
    </section>
  );
}
