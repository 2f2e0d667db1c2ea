// camera.ts - where the view looks, and moving there.
import type { Camera, Rect } from './types';

export const MIN_ZOOM = 1e-4;
export const MAX_ZOOM = 8;

export function clampZoom(zoom: number): number {
  return Math.min(Math.max(zoom, MIN_ZOOM), MAX_ZOOM);
}

/** Shows a world rectangle with a margin of `pad` CSS pixels. */
export function fitCamera(r: Rect, w: number, h: number, pad: number, most: number): Camera {
  const zoom = Math.min((w - 2 * pad) / Math.max(r.w, 1), (h - 2 * pad) / Math.max(r.h, 1), most);
  return { x: r.x + r.w / 2, y: r.y + r.h / 2, zoom: clampZoom(zoom > 0 ? zoom : most) };
}

/** As a graph is first seen: all of it while that can be read, else its beginning; of one that is wide, the place of what
 * matters most (`middle`: a point of the world); of one so large that no op could be made out, where it begins
 * (`start`). */
export function firstCamera(world: { w: number; h: number }, w: number, h: number, middle: { x: number; y: number } | null,
  start: { x: number; y: number } | null): Camera {
  const all = { x: 0, y: 0, w: world.w, h: world.h };
  const whole = fitCamera(all, w, h, 32, 1.1);
  if (whole.zoom >= 0.4) return whole;
  // Long and thin: its beginning. Large in both directions: an overview.
  const across = Math.min((w - 64) / Math.max(world.w, 1), 0.8), along = Math.min((h - 64) / Math.max(world.h, 1), 0.8);
  if (across >= 0.35) return { x: world.w / 2, y: (h / 2 - 32) / across, zoom: across };
  if (along >= 0.35) return { x: middle?.x ?? (w / 2 - 32) / along, y: world.h / 2, zoom: along };
  const near = 0.6;
  if (whole.zoom < 0.2 && start) { // no more empty space beside the drawing than needed
    const left = (w / 2 - 32) / near;
    return { x: Math.max(left, Math.min(start.x, world.w - left)), y: start.y + (h / 2 - 80) / near, zoom: near };
  }
  return whole;
}

const ease = (t: number) => 1 - (1 - t) ** 3;

/** A move from one camera to another: the zoom changes by equal factors, and one point of the screen stands still. */
export class Flight {
  private readonly start = performance.now();
  constructor(private readonly from: Camera, readonly to: Camera, private readonly ms: number) {}

  at(now: number): { camera: Camera; done: boolean } {
    const t = this.ms > 0 ? Math.min((now - this.start) / this.ms, 1) : 1;
    if (t >= 1) return { camera: this.to, done: true };
    const s = ease(t), { from, to } = this;
    const zoom = from.zoom * (to.zoom / from.zoom) ** s;
    const ratio = Math.abs(to.zoom / from.zoom - 1);
    const way = ratio < 1e-3 ? s : (1 - from.zoom / zoom) / (1 - from.zoom / to.zoom);
    return { camera: { x: from.x + (to.x - from.x) * way, y: from.y + (to.y - from.y) * way, zoom }, done: false };
  }
}
