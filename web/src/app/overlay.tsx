// What lies over the page: dialogs, menus and small cards, one stack of them. Escape closes the uppermost; the focus goes
// back to where it was.

import { signal, useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';

import { Icon, type IconName } from './icons';

interface Layer {
  id: number;
  content: () => ComponentChildren;
  close: () => void;
}

const layers = signal<readonly Layer[]>([]);
let next = 1;

/** Puts something over the page; gives the function that takes it away again. */
export function showOverlay(content: (close: () => void) => ComponentChildren): () => void {
  const id = next++;
  const before = document.activeElement;
  const close = () => {
    if (!layers.peek().some((l) => l.id === id)) return;
    layers.value = layers.peek().filter((l) => l.id !== id);
    if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
  };
  layers.value = [...layers.peek(), { id, close, content: () => content(close) }];
  return close;
}

/** Closes the uppermost; tells whether there was one. */
export function closeOverlay(): boolean {
  const top = layers.peek().at(-1);
  top?.close();
  return !!top;
}

export function hasOverlay(): boolean {
  return layers.peek().length > 0;
}

export function Overlays() {
  return <>{layers.value.map((layer) => <Part key={layer.id} content={layer.content} />)}</>;
}

function Part({ content }: { content: () => ComponentChildren }) {
  return <>{content()}</>;
}

const FOCUSABLE = 'input, select, textarea, button, a[href], [tabindex]:not([tabindex="-1"])';

/** Keeps Tab inside an element. */
function trapFocus(element: HTMLElement, event: KeyboardEvent): void {
  if (event.key !== 'Tab') return;
  const all = [...element.querySelectorAll<HTMLElement>(FOCUSABLE)].filter((e) => e.offsetParent !== null && !e.hasAttribute('disabled'));
  const first = all[0], last = all.at(-1);
  if (!first || !last) return;
  if (event.shiftKey && document.activeElement === first) {
    event.preventDefault();
    last.focus();
  } else if (!event.shiftKey && document.activeElement === last) {
    event.preventDefault();
    first.focus();
  }
}

/** A dialog in the middle of the page. */
export function Dialog(props: {
  title: string;
  close: () => void;
  children: ComponentChildren;
  footer?: ComponentChildren;
  width?: number;
  class?: string;
}) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = box.current!;
    (element.querySelector<HTMLElement>('[autofocus]') ?? element.querySelector<HTMLElement>('.dialog-body input, .dialog-body textarea') ??
      element).focus();
  }, []);
  return (
    <div class="backdrop" onPointerDown={(e) => { if (e.target === e.currentTarget) props.close(); }}>
      <div ref={box} class={`dialog ${props.class ?? ''}`} role="dialog" aria-modal="true" aria-label={props.title} tabIndex={-1}
        style={{ width: `${props.width ?? 560}px` }} onKeyDown={(e) => trapFocus(box.current!, e)}>
        <header class="dialog-head">
          <h2>{props.title}</h2>
          <button class="icon-button" aria-label="Close" title="Close (Escape)" onClick={props.close}><Icon name="close" /></button>
        </header>
        <div class="dialog-body">{props.children}</div>
        {props.footer && <footer class="dialog-foot">{props.footer}</footer>}
      </div>
    </div>
  );
}

/** Asks before something that cannot be undone. */
export function confirm(question: string, verb: string): Promise<boolean> {
  return new Promise((resolve) => {
    showOverlay((close) => {
      const answer = (yes: boolean) => { close(); resolve(yes); };
      return (
        <Dialog title={question} close={() => answer(false)} width={420}
          footer={<>
            <button onClick={() => answer(false)}>Cancel</button>
            <button class="danger" autofocus onClick={() => answer(true)}>{verb}</button>
          </>}>
          <span />
        </Dialog>
      );
    });
  });
}

export type MenuItem =
  | { kind: 'line' }
  | { kind: 'title'; text: string }
  | { kind: 'item'; text: string; icon?: IconName; hint?: string; checked?: boolean; off?: boolean; run: () => void };

/** Where a menu opens: below an element, or at a point of the page. */
export type Anchor = HTMLElement | { x: number; y: number };

/** A rectangle of the size given, below the anchor and inside the page. */
function placeAt(anchor: Anchor, width: number, height: number): { left: number; top: number } {
  const r = anchor instanceof HTMLElement ? anchor.getBoundingClientRect()
    : { left: anchor.x, right: anchor.x, top: anchor.y, bottom: anchor.y };
  let left = r.left, top = r.bottom + 2;
  if (left + width > innerWidth - 4) left = Math.max(4, Math.min(r.right, innerWidth - 4) - width);
  if (top + height > innerHeight - 4) top = r.top - height - 2 >= 4 ? r.top - height - 2 : Math.max(4, innerHeight - height - 4);
  return { left, top };
}

/** Something small at an anchor, closed by a click elsewhere. */
export function Popover(props: {
  anchor: Anchor;
  close: () => void;
  label: string;
  role?: 'menu' | 'dialog' | 'listbox';
  class?: string;
  children: ComponentChildren;
}) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = box.current!;
    const place = () => {
      const at = placeAt(props.anchor, element.offsetWidth, element.offsetHeight);
      element.style.left = `${at.left}px`;
      element.style.top = `${at.top}px`;
    };
    place();
    const observer = new ResizeObserver(place);
    observer.observe(element);
    (element.querySelector<HTMLElement>('[autofocus]') ?? element.querySelector<HTMLElement>(FOCUSABLE) ?? element).focus({ preventScroll: true });
    return () => observer.disconnect();
  }, []);
  return (
    <div class="menu-backdrop" onPointerDown={(e) => { if (e.target === e.currentTarget) { e.preventDefault(); props.close(); } }}
      onContextMenu={(e) => { e.preventDefault(); if (e.target === e.currentTarget) props.close(); }}>
      <div ref={box} class={`popover ${props.class ?? ''}`} role={props.role ?? 'dialog'} aria-label={props.label} tabIndex={-1}
        onKeyDown={(e) => { if (props.role !== 'menu') trapFocus(box.current!, e); }}>
        {props.children}
      </div>
    </div>
  );
}

/** Opens a menu. */
export function showMenu(anchor: Anchor, items: readonly MenuItem[], label: string): void {
  if (!items.some((i) => i.kind === 'item')) return;
  showOverlay((close) => <Menu anchor={anchor} items={items} label={label} close={close} />);
}

function Menu({ anchor, items, label, close }: { anchor: Anchor; items: readonly MenuItem[]; label: string; close: () => void }) {
  const list = useRef<HTMLDivElement>(null);
  const typed = useSignal('');
  const move = (event: KeyboardEvent) => {
    const all = [...list.current!.querySelectorAll<HTMLElement>('[role^=menuitem]:not([aria-disabled=true])')];
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = event.key === 'ArrowDown' ? (at + 1) % all.length
      : event.key === 'ArrowUp' ? (at - 1 + all.length) % all.length
      : event.key === 'Home' ? 0 : event.key === 'End' ? all.length - 1 : -1;
    if (to >= 0) {
      event.preventDefault();
      all[to]?.focus();
    } else if (event.key === 'Tab') {
      event.preventDefault();
      close();
    } else if (event.key.length === 1 && event.key !== ' ' && !event.ctrlKey && !event.metaKey) {
      typed.value += event.key.toLowerCase();
      setTimeout(() => { typed.value = ''; }, 700);
      all.find((e) => e.textContent?.trim().toLowerCase().startsWith(typed.value))?.focus();
    }
    event.stopPropagation();
    if (event.key === 'Escape') close();
  };
  return (
    <Popover anchor={anchor} close={close} label={label} role="menu" class="menu">
      <div ref={list} onKeyDown={move}>
        {items.map((item, i) => item.kind === 'line' ? <hr key={i} />
          : item.kind === 'title' ? <div key={i} class="menu-title">{item.text}</div>
          : (
            <button key={i} role={item.checked === undefined ? 'menuitem' : 'menuitemcheckbox'}
              aria-checked={item.checked} aria-disabled={item.off ?? false} class="menu-item"
              onClick={() => { if (!item.off) { close(); item.run(); } }}>
              <span class="menu-icon">{item.checked ? <Icon name="check" /> : item.icon && <Icon name={item.icon} />}</span>
              <span class="menu-text">{item.text}</span>
              {item.hint && <kbd>{item.hint}</kbd>}
            </button>
          ))}
      </div>
    </Popover>
  );
}
