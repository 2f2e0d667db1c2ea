// screen.ts - what shows the lists on the view's canvas; two ways, one interface.
import { cssOf, paint } from './canvas';
import type { Texts } from './text';
import { CURVE, type Engine, type Lists, MARK, RECT, TEXT } from './wasm';
import type { Camera, RendererKind } from './types';

export interface Screen {
  readonly kind: RendererKind;
  resize(width: number, height: number, ratio: number): void;
  /** Shows the graph as `camera` sees it. `dirty`: something else than the camera has changed since the last call; `fresh`:
   * so much that the last picture is of no use. True when another frame is needed for the picture to be exact. */
  frame(camera: Camera, dirty: boolean, fresh: boolean): boolean;
  /** Background, as a colour of 0xRRGGBBAA. */
  background: number;
}

/** Copies the lists out of the engine's memory, so that they outlive the next call. */
function copy(l: Lists): Lists {
  const sizes = [l.nRects * RECT, l.nCurves * CURVE, l.nMarks * MARK, l.nTexts * TEXT];
  const u32 = new Uint32Array(sizes.reduce((a, b) => a + b, 0));
  const starts = [l.rects, l.curves, l.marks, l.texts];
  const at: number[] = [];
  let n = 0;
  sizes.forEach((size, i) => {
    u32.set(l.u32.subarray(starts[i]!, starts[i]! + size), n);
    at.push(n);
    n += size;
  });
  return { ...l, rects: at[0]!, curves: at[1]!, marks: at[2]!, texts: at[3]!, u32, f32: new Float32Array(u32.buffer) };
}

interface Picture {
  canvas: OffscreenCanvas;
  context: OffscreenCanvasRenderingContext2D;
  /** What it shows: middle and zoom; its size in CSS pixels. */
  camera: Camera;
  w: number;
  h: number;
}

/** Milliseconds of painting that leave room for the rest of a frame. */
const BUDGET = 9;
/** Below this estimate a drawing is painted anew for each frame. */
const DIRECT = 11;

/**
 * Canvas 2D. What is quick to paint is painted for each frame. What is not is painted with a margin around the view into a
 * picture behind the scenes, a slice per frame, and shown moved and scaled meanwhile.
 */
export class CanvasScreen implements Screen {
  readonly kind = 'canvas';
  background = 0xffffffff;
  private readonly context: OffscreenCanvasRenderingContext2D;
  private w = 1;
  private h = 1;
  private ratio = 1;
  private front: Picture | null = null;
  private spare: Picture | null = null;
  private job: { steps: Generator<void, void, void>; picture: Picture } | null = null;
  /** Milliseconds per thing painted, measured. */
  private rate = 0.002;
  /** Of the last lists: how many things, texts counting more. */
  private weight = 0;

  constructor(private readonly canvas: OffscreenCanvas, private readonly engine: Engine, private readonly texts: Texts) {
    this.context = canvas.getContext('2d', { alpha: false })!;
  }

  resize(width: number, height: number, ratio: number): void {
    this.w = width;
    this.h = height;
    this.ratio = ratio;
    this.canvas.width = Math.max(Math.round(width * ratio), 1);
    this.canvas.height = Math.max(Math.round(height * ratio), 1);
    this.front = this.spare = this.job = null;
  }

  private lists(camera: Camera, w: number, h: number): Lists {
    this.engine.view(camera.x, camera.y, camera.zoom, w, h);
    const l = this.engine.draw();
    this.weight = l.nRects + l.nCurves + l.nMarks + 3 * l.nTexts;
    return l;
  }

  private learn(ms: number, weight: number): void {
    if (weight > 200) this.rate += (ms / weight - this.rate) * 0.2;
  }

  private clear(c: OffscreenCanvasRenderingContext2D, w: number, h: number): void {
    c.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    c.fillStyle = cssOf(this.background);
    c.fillRect(0, 0, w, h);
  }

  frame(camera: Camera, dirty: boolean, fresh: boolean): boolean {
    if (fresh) this.front = this.job = null;
    if (!this.job && (dirty || !this.front || !this.covers(this.front, camera))) {
      const start = performance.now();
      const l = this.lists(camera, this.w, this.h);
      if (this.weight * this.rate < DIRECT || !this.front) {
        this.clear(this.context, this.w, this.h);
        for (const _ of paint(this.context, l, this.texts, cssOf(this.background))) { /* all of it */ }
        this.learn(performance.now() - start, this.weight);
        if (this.weight * this.rate < DIRECT) {
          this.front = null;
          return false;
        }
        // Heavy: from now on with pictures. This one is kept as the first.
        this.front = this.picture(this.front, camera, this.w, this.h);
        this.front.context.setTransform(1, 0, 0, 1, 0, 0);
        this.front.context.drawImage(this.canvas, 0, 0);
        return true;
      }
      this.start(camera);
    }
    if (this.job) this.work();
    if (this.front) this.show(this.front, camera);
    if (!this.job && this.front && !this.exact(this.front, camera)) this.start(camera);
    return this.job !== null;
  }

  /** The picture shows all of the view at its zoom. */
  private covers(p: Picture, camera: Camera): boolean {
    const dx = Math.abs(p.camera.x - camera.x) * camera.zoom, dy = Math.abs(p.camera.y - camera.y) * camera.zoom;
    return p.camera.zoom === camera.zoom && dx <= (p.w - this.w) / 2 && dy <= (p.h - this.h) / 2;
  }
  /** And leaves some of the margin for the next frames. */
  private exact(p: Picture, camera: Camera): boolean {
    const dx = Math.abs(p.camera.x - camera.x) * camera.zoom, dy = Math.abs(p.camera.y - camera.y) * camera.zoom;
    return p.camera.zoom === camera.zoom && p.w > this.w && dx <= (p.w - this.w) * 0.3 && dy <= (p.h - this.h) * 0.3;
  }

  private picture(old: Picture | null, camera: Camera, w: number, h: number): Picture {
    const pw = Math.round(w * this.ratio), ph = Math.round(h * this.ratio);
    if (!old || old.canvas.width !== pw || old.canvas.height !== ph) {
      const canvas = new OffscreenCanvas(pw, ph);
      return { canvas, context: canvas.getContext('2d', { alpha: false })!, camera: { ...camera }, w, h };
    }
    return { ...old, camera: { ...camera }, w, h };
  }

  private start(camera: Camera): void {
    const margin = this.w * this.h * this.ratio * this.ratio > 4e6 ? 1.2 : 1.5;
    const w = Math.round(this.w * margin), h = Math.round(this.h * margin);
    const picture = this.picture(this.spare, camera, w, h);
    this.spare = null;
    const lists = copy(this.lists(camera, w, h));
    this.clear(picture.context, w, h);
    this.job = { picture, steps: paint(picture.context, lists, this.texts, cssOf(this.background)) };
  }

  private work(): void {
    const job = this.job!, end = performance.now() + BUDGET;
    while (performance.now() < end)
      if (job.steps.next().done) {
        this.spare = this.front;
        this.front = job.picture;
        this.job = null;
        return;
      }
  }

  private show(p: Picture, camera: Camera): void {
    const c = this.context, k = camera.zoom / p.camera.zoom;
    // World point in the middle of the picture, in the view.
    const x = (p.camera.x - camera.x) * camera.zoom + this.w / 2, y = (p.camera.y - camera.y) * camera.zoom + this.h / 2;
    let left = (x - (p.w / 2) * k) * this.ratio, top = (y - (p.h / 2) * k) * this.ratio;
    const w = p.canvas.width * k, h = p.canvas.height * k;
    if (k === 1) {
      left = Math.round(left);
      top = Math.round(top);
    }
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.imageSmoothingEnabled = k !== 1;
    if (left > 0 || top > 0 || left + w < this.canvas.width || top + h < this.canvas.height) {
      c.fillStyle = cssOf(this.background);
      c.fillRect(0, 0, this.canvas.width, this.canvas.height);
    }
    c.drawImage(p.canvas, left, top, w, h);
  }
}
