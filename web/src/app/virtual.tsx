// Lists of any length with rows of one height: only the rows in sight are in the document. Keyboard: arrows, Page Up
// and Down, Home, End move the active row; Enter takes it.

import { signal, useSignal, type Signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

/** Browsers cut elements off beyond some 16 million pixels: longer lists are squeezed. */
const TALLEST = 8_000_000;
const OVER = 6;

export interface VirtualProps {
  count: number;
  rowHeight: number;
  row: (index: number) => ComponentChildren;
  /** Key of a row; its number when not given. */
  rowKey?: (index: number) => string | number;
  label: string;
  role?: 'listbox' | 'tree' | 'grid';
  class?: string;
  /** The row the keyboard is on; -1: none. */
  active?: number;
  onActive?: (index: number, event: KeyboardEvent) => void;
  onTake?: (index: number, event: KeyboardEvent) => void;
  onKey?: (event: KeyboardEvent) => void;
  /** Set it to a row to bring that row into sight. */
  scrollTo?: Signal<number>;
  /** Above the rows, scrolls sideways with them and stays at the top. */
  header?: ComponentChildren;
  headerHeight?: number;
  /** Least width of the rows. */
  minWidth?: number;
  id?: string;
}

const never = signal(-1);

export function VirtualList(props: VirtualProps) {
  const { count, rowHeight, active = -1, headerHeight = 0 } = props;
  const box = useRef<HTMLDivElement>(null);
  const top = useSignal(0);
  const height = useSignal(400);
  const full = count * rowHeight;
  const squeeze = full > TALLEST ? TALLEST / full : 1;

  useLayoutEffect(() => {
    const element = box.current!;
    const measure = () => { height.value = element.clientHeight; };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, []);

  const show = (index: number, middle: boolean) => {
    const element = box.current;
    if (!element || index < 0) return;
    const seen = element.clientHeight - headerHeight;
    const at = index * rowHeight;
    const now = element.scrollTop / squeeze;
    if (at >= now && at + rowHeight <= now + seen) return;
    const to = middle ? at - (seen - rowHeight) / 2 : at < now ? at : at - seen + rowHeight;
    element.scrollTop = Math.max(0, to * squeeze);
    top.value = element.scrollTop;
  };

  const wanted = (props.scrollTo ?? never).value;
  useLayoutEffect(() => {
    if (wanted < 0) return;
    show(wanted, true);
    if (props.scrollTo) props.scrollTo.value = -1;
  }, [wanted, count]);

  const offset = top.value / squeeze;
  const first = Math.max(0, Math.floor(offset / rowHeight) - OVER);
  const last = Math.min(count, Math.ceil((offset + height.value) / rowHeight) + OVER);
  // In squeezed lists rows keep their height and move with the scroll position.
  const shift = first * rowHeight - offset + top.value;

  const onKeyDown = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor(height.value / rowHeight) - 1);
    const moves: Record<string, number> = {
      ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + page, PageUp: active - page, Home: 0, End: count - 1,
    };
    const to = moves[event.key];
    if (to !== undefined && props.onActive && count && !event.ctrlKey && !event.altKey && !event.metaKey) {
      event.preventDefault();
      event.stopPropagation();
      const index = Math.min(count - 1, Math.max(0, to));
      props.onActive(index, event);
      show(index, false);
    } else if (event.key === 'Enter' && active >= 0 && props.onTake) {
      event.preventDefault();
      event.stopPropagation();
      props.onTake(active, event);
    } else {
      props.onKey?.(event);
    }
  };

  const rows: ComponentChildren[] = [];
  for (let i = first; i < last; i++)
    rows.push(<div key={props.rowKey?.(i) ?? i} class="virtual-row" style={{ height: `${rowHeight}px` }}>{props.row(i)}</div>);

  return (
    <div ref={box} id={props.id} class={`virtual ${props.class ?? ''}`} role={props.role ?? 'listbox'} aria-label={props.label} tabIndex={0}
      onScroll={(e) => { top.value = e.currentTarget.scrollTop; }} onKeyDown={onKeyDown}>
      {props.header && <div class="virtual-header" style={{ minWidth: props.minWidth }}>{props.header}</div>}
      <div class="virtual-space" style={{ height: `${full * squeeze}px`, minWidth: props.minWidth }}>
        <div class="virtual-rows" style={{ transform: `translateY(${shift}px)` }}>{rows}</div>
      </div>
    </div>
  );
}
