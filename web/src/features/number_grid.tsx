// Numbers in rows and columns, any number of both: only the cells in sight are in the document, and their values are asked
// for in pieces. Keyboard: arrows, Page Up and Down, Home and End (with Ctrl to the corners) move the active cell.

import { signal, useSignal, type Signal } from '@preact/signals';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';

import { complain } from '../app/notify';

export type Cell = number | string;
/** Gives the values of a piece, row by row. */
export type ReadPiece = (at: { row: number; rows: number; column: number; columns: number }, signal: AbortSignal) => Promise<Cell[][]>;

const ROW = 20, COLUMN = 86, HEAD = 20, SIDE = 58, OVER = 2;
const PIECE_ROWS = 64, PIECE_COLUMNS = 32, MOST_PIECES = 256;
/** Browsers cut elements off beyond some 16 million pixels: longer ones are squeezed. */
const LONGEST = 8_000_000;

/** The pieces that are here or on their way. */
class Pieces {
  private readonly all = new Map<number, Cell[][] | null>();
  private readonly abort = new AbortController();
  readonly version = signal(0);

  constructor(private readonly width: number, private readonly read: ReadPiece) {}

  at(row: number, column: number): Cell | undefined {
    const piece = this.all.get(this.key(row, column));
    return piece?.[row % PIECE_ROWS]?.[column % PIECE_COLUMNS];
  }

  private key(row: number, column: number): number {
    return Math.floor(row / PIECE_ROWS) * Math.ceil(this.width / PIECE_COLUMNS) + Math.floor(column / PIECE_COLUMNS);
  }

  want(row: number, column: number): void {
    const key = this.key(row, column);
    const here = this.all.get(key);
    if (here !== undefined) { // the longest unwanted gives way
      this.all.delete(key);
      this.all.set(key, here);
      return;
    }
    if (this.all.size >= MOST_PIECES) this.all.delete(this.all.keys().next().value!);
    this.all.set(key, null);
    const at = { row: row - (row % PIECE_ROWS), rows: PIECE_ROWS, column: column - (column % PIECE_COLUMNS), columns: PIECE_COLUMNS };
    this.read(at, this.abort.signal).then((rows) => { this.all.set(key, rows); this.version.value++; })
      .catch((thrown: unknown) => { this.all.delete(key); complain(thrown); });
  }

  close(): void {
    this.abort.abort();
  }
}

interface Axis {
  count: number;
  size: number;
  squeeze: number;
}
const axis = (count: number, size: number): Axis => ({ count, size, squeeze: Math.min(1, LONGEST / Math.max(1, count * size)) });
function span(a: Axis, scroll: number, seen: number): [number, number] {
  const first = Math.max(0, Math.floor(scroll / a.squeeze / a.size) - OVER);
  return [first, Math.min(a.count, first + Math.ceil(seen / a.size) + 2 * OVER + 1)];
}

export interface NumberGridProps {
  height: number;
  width: number;
  read: ReadPiece;
  text: (v: Cell) => string;
  /** How strongly a cell is coloured, -1 to 1. */
  shade: (v: Cell) => number;
  label: string;
  active: Signal<[number, number]>;
}

/** A new `read` begins anew. */
export function NumberGrid({ height, width, read, text, shade, label, active }: NumberGridProps) {
  const box = useRef<HTMLDivElement>(null);
  const scroll = useSignal<[number, number]>([0, 0]);
  const seen = useSignal<[number, number]>([300, 600]);
  const pieces = useMemo(() => new Pieces(width, read), [width, read]);
  useEffect(() => () => pieces.close(), [pieces]);
  const rows = axis(height, ROW), columns = axis(width, COLUMN);
  useLayoutEffect(() => {
    const element = box.current!;
    const observer = new ResizeObserver(() => { seen.value = [element.clientHeight - HEAD, element.clientWidth - SIDE]; });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  void pieces.version.value;
  const [top, left] = scroll.value;
  const [firstRow, lastRow] = span(rows, top, seen.value[0]), [firstColumn, lastColumn] = span(columns, left, seen.value[1]);
  useEffect(() => {
    for (let y = firstRow; y < lastRow; y += y % PIECE_ROWS ? PIECE_ROWS - (y % PIECE_ROWS) : PIECE_ROWS)
      for (let x = firstColumn; x < lastColumn; x += x % PIECE_COLUMNS ? PIECE_COLUMNS - (x % PIECE_COLUMNS) : PIECE_COLUMNS) pieces.want(y, x);
  }, [pieces, firstRow, lastRow, firstColumn, lastColumn]);
  // Where a row or column is drawn: squeezed axes move with the scroll position.
  const y = (i: number) => HEAD + i * ROW - top / rows.squeeze + top, x = (i: number) => SIDE + i * COLUMN - left / columns.squeeze + left;
  const move = (to: [number, number]) => {
    const row = Math.min(height - 1, Math.max(0, to[0])), column = Math.min(width - 1, Math.max(0, to[1])), element = box.current!;
    active.value = [row, column];
    const show = (a: Axis, i: number, now: number, room: number) => {
      const at = i * a.size, from = now / a.squeeze;
      return at < from ? at * a.squeeze : at + a.size > from + room ? (at + a.size - room) * a.squeeze : now;
    };
    element.scrollTop = show(rows, row, element.scrollTop, seen.value[0]);
    element.scrollLeft = show(columns, column, element.scrollLeft, seen.value[1]);
  };
  const [activeRow, activeColumn] = active.value;
  const page = Math.max(1, Math.floor(seen.value[0] / ROW) - 1);
  const onKeyDown = (e: KeyboardEvent) => {
    const ends = e.ctrlKey || e.metaKey;
    const moves: Record<string, [number, number]> = {
      ArrowDown: [activeRow + 1, activeColumn], ArrowUp: [activeRow - 1, activeColumn], ArrowRight: [activeRow, activeColumn + 1], ArrowLeft: [activeRow, activeColumn - 1],
      PageDown: [activeRow + page, activeColumn], PageUp: [activeRow - page, activeColumn], Home: [ends ? 0 : activeRow, 0], End: [ends ? height - 1 : activeRow, width - 1],
    };
    const to = moves[e.key];
    if (!to || e.altKey) return;
    e.preventDefault();
    e.stopPropagation();
    move(to);
  };
  const range = (from: number, to: number) => Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
  return (
    <div ref={box} class="number-grid" role="grid" aria-label={label} aria-rowcount={height} aria-colcount={width} tabIndex={0} onKeyDown={onKeyDown}
      onScroll={(e) => { scroll.value = [e.currentTarget.scrollTop, e.currentTarget.scrollLeft]; }}>
      <div class="number-space" style={{ height: `${HEAD + height * ROW * rows.squeeze}px`, width: `${SIDE + width * COLUMN * columns.squeeze}px` }}>
        {range(firstRow, lastRow).map((r) => (
          <div key={r} role="row" aria-rowindex={r + 1}>
            {range(firstColumn, lastColumn).map((c) => {
              const v = pieces.at(r, c), on = r === activeRow && c === activeColumn;
              const strength = v === undefined ? 0 : shade(v);
              return (
                <div key={c} role="gridcell" aria-colindex={c + 1} aria-selected={on} class={`number-cell ${on ? 'on' : ''} ${typeof v === 'string' ? 'odd' : ''}`}
                  style={{ top: `${y(r)}px`, left: `${x(c)}px`, background: strength ? `color-mix(in srgb, var(${strength > 0 ? '--accent' : '--warn'}) ${Math.round(Math.abs(strength) * 45)}%, transparent)` : undefined }}
                  onClick={() => move([r, c])}>{v === undefined ? '' : text(v)}</div>
              );
            })}
          </div>
        ))}
        {range(firstColumn, lastColumn).map((c) => <div key={`c${c}`} class="number-head" style={{ top: `${top}px`, left: `${x(c)}px` }}>{c}</div>)}
        {range(firstRow, lastRow).map((r) => <div key={`r${r}`} class="number-side" style={{ top: `${y(r)}px`, left: `${left}px` }}>{r}</div>)}
        <div class="number-corner" style={{ top: `${top}px`, left: `${left}px` }} />
      </div>
    </div>
  );
}
