// marks.ts - shapes of arrow heads and icons (enum scene_mark_kind), drawn by both renderers; src/scene/svg.c has the
// same for pictures.

export const enum Mark { ArrowDown, ArrowRight, ArrowUp, ArrowLeft, Plus, Minus, Dots, Graph }

type Context = OffscreenCanvasRenderingContext2D;

/** Draws a mark at (x, y) with the context's fillStyle and strokeStyle, both set to its colour. */
export function drawMark(c: Context, kind: number, x: number, y: number, size: number): void {
  const half = size * 0.42;
  switch (kind) {
    case Mark.ArrowDown:
    case Mark.ArrowUp: {
      const back = kind === Mark.ArrowDown ? -size : size;
      c.beginPath();
      c.moveTo(x, y);
      c.lineTo(x - half, y + back);
      c.lineTo(x + half, y + back);
      c.fill();
      return;
    }
    case Mark.ArrowRight:
    case Mark.ArrowLeft: {
      const back = kind === Mark.ArrowRight ? -size : size;
      c.beginPath();
      c.moveTo(x, y);
      c.lineTo(x + back, y - half);
      c.lineTo(x + back, y + half);
      c.fill();
      return;
    }
    case Mark.Plus:
    case Mark.Minus: {
      // A chevron: to the right when there is something to open, down when it is open.
      const r = size * 0.3;
      c.lineWidth = Math.max(size * 0.13, 1);
      c.lineCap = c.lineJoin = 'round';
      c.beginPath();
      if (kind === Mark.Plus) {
        c.moveTo(x - r * 0.5, y - r);
        c.lineTo(x + r * 0.5, y);
        c.lineTo(x - r * 0.5, y + r);
      } else {
        c.moveTo(x - r, y - r * 0.5);
        c.lineTo(x, y + r * 0.5);
        c.lineTo(x + r, y - r * 0.5);
      }
      c.stroke();
      return;
    }
    case Mark.Dots: {
      const r = Math.max(size * 0.09, 0.8);
      c.beginPath();
      for (const dy of [-0.3, 0, 0.3]) {
        c.moveTo(x + r, y + dy * size);
        c.arc(x, y + dy * size, r, 0, 7);
      }
      c.fill();
      return;
    }
    case Mark.Graph: {
      // One box above, two below, and what joins them.
      const r = size * 0.15;
      c.lineWidth = Math.max(size * 0.08, 0.7);
      c.beginPath();
      for (const [dx, dy] of [[0, -0.3], [-0.3, 0.3], [0.3, 0.3]] as const) {
        c.rect(x + dx * size - r, y + dy * size - r, 2 * r, 2 * r);
      }
      c.fill();
      c.beginPath();
      for (const dx of [-0.3, 0.3]) {
        c.moveTo(x, y - r);
        c.lineTo(x + dx * size, y + 0.3 * size - r);
      }
      c.stroke();
      return;
    }
  }
}
