// A small picture of the whole graph with a frame around what the pane shows; dragging in it moves the view.

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

import type { Rect } from '../engine/types';
import type { Pane } from './store';
import { engineTheme } from './theme';

/** Of about the graph's shape: long narrow graphs get long narrow maps. */
const SHAPES = [
  { over: 3, width: 280, height: 80 }, { over: 1 / 3, width: 180, height: 130 }, { over: 0, width: 84, height: 280 },
] as const;
const LEAST_FRAME = 5;

function shapeOf(world: Rect): (typeof SHAPES)[number] {
  return SHAPES.find((s) => world.w > s.over * world.h) ?? SHAPES[1];
}
/** The picture is made anew when nothing has changed for so long. */
const SETTLE_MS = 150;

export function Minimap({ pane }: { pane: Pane }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const world = useSignal<Rect | null>(null);
  const stamp = useSignal(0);
  const shape = useSignal<(typeof SHAPES)[number]>(SHAPES[1]);
  const { width: mapWidth, height: mapHeight } = shape.value;
  const view = pane.view.value;

  useEffect(() => {
    if (!view) return;
    let timer = 0;
    const later = () => {
      clearTimeout(timer);
      timer = setTimeout(() => { stamp.value++; }, SETTLE_MS);
    };
    later();
    const stops = [view.on('expansion', later), view.on('ready', later)];
    return () => {
      clearTimeout(timer);
      for (const stop of stops) stop();
    };
  }, [view, pane.graph.value]);

  useEffect(() => {
    let gone = false;
    if (view) shape.value = shapeOf(view.world);
    const { width: mapWidth, height: mapHeight } = shape.peek();
    void view?.minimap(mapWidth * devicePixelRatio, mapHeight * devicePixelRatio).then((map) => {
      const element = canvas.current;
      if (gone || !element) return;
      element.width = map.image.width;
      element.height = map.image.height;
      element.getContext('2d')!.drawImage(map.image, 0, 0);
      map.image.close();
      world.value = map.world;
    }, () => {});
    return () => { gone = true; };
  }, [view, stamp.value, engineTheme.value]);

  void pane.moved.value;
  const w = world.value;
  let frame = null;
  // All of it in sight: a map would say nothing.
  let whole = true;
  if (view && w) {
    const { camera, host } = view;
    const sx = mapWidth / w.w, sy = mapHeight / w.h;
    const width = Math.max(LEAST_FRAME, (host.clientWidth / camera.zoom) * sx);
    const height = Math.max(LEAST_FRAME, (host.clientHeight / camera.zoom) * sy);
    const left = (camera.x - w.x) * sx - width / 2, top = (camera.y - w.y) * sy - height / 2;
    const { world: all } = view;
    whole = all.x >= camera.x - host.clientWidth / camera.zoom / 2 && all.x + all.w <= camera.x + host.clientWidth / camera.zoom / 2 &&
      all.y >= camera.y - host.clientHeight / camera.zoom / 2 && all.y + all.h <= camera.y + host.clientHeight / camera.zoom / 2;
    if (!whole) frame = <div class="minimap-frame" style={{ left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` }} />;
  }

  const go = (event: PointerEvent) => {
    if (!view || !w) return;
    const box = canvas.current!.getBoundingClientRect();
    view.setCamera({
      ...view.camera,
      x: w.x + ((event.clientX - box.left) / mapWidth) * w.w,
      y: w.y + ((event.clientY - box.top) / mapHeight) * w.h,
    });
  };
  return (
    <div class={`minimap ${whole ? 'idle' : ''}`} aria-hidden={whole} style={{ width: `${mapWidth}px`, height: `${mapHeight}px` }} role="img" aria-label="Minimap"
      onPointerDown={(e) => { e.currentTarget.setPointerCapture(e.pointerId); go(e); }}
      onPointerMove={(e) => { if (e.buttons & 1) go(e); }}
      onWheel={(e) => { e.preventDefault(); view?.zoomBy(e.deltaY < 0 ? 1.2 : 1 / 1.2); }}>
      <canvas ref={canvas} style={{ width: `${mapWidth}px`, height: `${mapHeight}px` }} />
      {frame}
    </div>
  );
}
