// The drawing engine through the class GraphView (web/src/engine/view.ts), inside the real page.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { equal, near, ok, test } from "./harness.mjs";

const MNIST = "examples/mnist.mlir";

/** Where the page has the compact graph of the open model from. */
const graphAddress = (t) => `api/ttx/v1/models/${t.models[0]}/stages/0/graph`;

/** Six blocks of four ops, each in its layer. */
function blocks(n = 6) {
  const type = "tensor<8x8xf32>";
  let text = `func.func @main(%arg0: ${type}) -> ${type} {\n`, last = "%arg0";
  for (let b = 0; b < n; b++)
    for (const [i, name] of ["exp", "relu", "tanh", "abs"].entries()) {
      const value = `%${b * 4 + i}`;
      text += `  ${value} = "ttir.${name}"(${last}) : (${type}) -> ${type} loc("net/block${b}/${name}")\n`;
      last = value;
    }
  return `module {\n${text}  return ${last} : ${type}\n}\n}\n`;
}

const layerNamed = (graph, name) => graph.boxes.find((b) => b.label === name);

test("engine: a layer keeps its place when it opens and closes", async (t) => {
  await t.openText("blocks.mlir", blocks());
  const before = layerNamed(await t.graph(), "block2");
  await t.page.mouse.dblclick(before.x + before.w / 2, before.y + before.h / 2);
  await t.ready();
  const open = layerNamed(await t.graph(), "block2");
  equal(open.expanded, true);
  near(open.x, before.x, 1.5);
  near(open.y, before.y, 1.5);
  await t.page.mouse.dblclick(open.x + open.w / 2, open.y + 4);
  await t.ready();
  const closed = layerNamed(await t.graph(), "block2");
  equal(closed.expanded, false);
  near(closed.x, before.x, 1.5);
  near(closed.y, before.y, 1.5);
});

test("engine: what is under the pointer is what is drawn there", async (t) => {
  await t.openText("blocks.mlir", blocks());
  await t.view((view) => view.expandAll());
  await t.view((view) => view.setCamera({ x: view.world.w / 2, y: view.world.h / 3, zoom: 0.6 })); // near enough for ops
  await t.ready();
  const hits = await t.view(async (view) => {
    const { nodes, rects } = await view.visibleNodes(), out = [];
    for (let i = 0; i < nodes.length; i++) {
      const hit = await view.hit(rects[4 * i] + rects[4 * i + 2] / 2, rects[4 * i + 1] + rects[4 * i + 3] / 2);
      out.push([nodes[i], hit.node, hit.region]);
    }
    return out;
  });
  ok(hits.length > 8, `only ${hits.length} nodes`);
  for (const [node, hit, region] of hits) equal([hit, region], [node, "node"]);
});

test("engine: both renderers put everything in the same places", async (t) => {
  await t.openModel(MNIST);
  const found = await t.view(async (view, address) => {
    // A second view beside the page's, made as the page makes its own, for each way of drawing.
    const bytes = await (await fetch(address)).arrayBuffer();
    const out = {};
    for (const renderer of ["canvas", "webgl"]) {
      const host = document.createElement("div");
      host.style.cssText = "position:fixed;left:0;top:0;width:900px;height:700px";
      document.body.append(host);
      const other = new view.constructor(host, { ...view.options, renderer });
      await other.load(bytes.slice(0));
      await other.expandAll();
      other.setCamera({ x: 300, y: 300, zoom: 0.8 });
      out[renderer] = [other.renderer, ...(await other.visibleNodes()).rects];
      other.destroy();
      host.remove();
    }
    return out;
  }, graphAddress(t));
  equal(found.canvas[0], "canvas");
  equal(found.webgl[0], "webgl");
  equal(found.webgl.slice(1), found.canvas.slice(1));
  ok(found.canvas.length > 40);
});

/** Opens a graph with one node of this label, and draws it large; how many pixels of its left and its right half are dark. */
async function inkOf(t, label, renderer) {
  await t.open();
  const path = join(t.server.files, `${t.server.next++}-label.json`);
  writeFileSync(path, JSON.stringify({ label: `h${t.server.next}`, graphs: [{ id: "g", nodes: [{ id: "a", label, namespace: "" }] }] }));
  await t.openModel(path);
  const box = await t.view(async (view, kind, address) => {
    const bytes = await (await fetch(address)).arrayBuffer();
    const host = document.createElement("div");
    host.style.cssText = "position:fixed;left:0;top:0;width:600px;height:300px;z-index:9999";
    document.body.append(host);
    const other = new view.constructor(host, { ...view.options, renderer: kind });
    await other.load(bytes);
    const drawn = new Promise((done) => other.on("drawn", done));
    other.setCamera({ x: other.world.w / 2, y: other.world.h / 2, zoom: 3 });
    await drawn;
    const [x, y, w, h] = (await other.visibleNodes()).rects;
    return { x, y, width: w, height: h, kind: other.renderer };
  }, renderer, graphAddress(t));
  equal(box.kind, renderer);
  const clip = { x: box.x + 6, y: box.y + 6, width: box.width - 12, height: box.height - 12 };
  // What was drawn reaches the screen a little later.
  for (let k = 0; ; k++) {
    const png = (await t.page.screenshot({ clip })).toString("base64");
    const ink = await t.page.evaluate(async (data) => {
      const image = await createImageBitmap(new Blob([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))]));
      const canvas = new OffscreenCanvas(image.width, image.height), c = canvas.getContext("2d");
      c.drawImage(image, 0, 0);
      const { data: pixels } = c.getImageData(0, 0, image.width, image.height), found = [0, 0];
      for (let i = 0; i < pixels.length; i += 4) found[(i / 4) % image.width < image.width / 2 ? 0 : 1] += pixels[i] < 128 ? 1 : 0;
      return found;
    }, png);
    if (ink[0] + ink[1] > 0 || k === 20) return ink;
  }
}

test("engine: both renderers write from right to left where the letters do", async (t) => {
  // Thin letters, then broad ones: the broad ones are left of the thin ones, whoever draws them.
  for (const renderer of ["canvas", "webgl"]) {
    const [left, right] = await inkOf(t, "\u05d5\u05d5\u05d5\u05d5\u05d5 \u05e9\u05e9\u05e9\u05e9\u05e9", renderer);
    ok(left > right * 1.2 && right > 0, `${renderer}: ${left} dark pixels on the left, ${right} on the right`);
  }
});

test("engine: pictographs that a font draws as letters have the colour of letters", async (t) => {
  const [left, right] = await inkOf(t, "\u00a9\u00ae\u00a9\u00ae\u00a9\u00ae", "webgl");
  ok(left > 20 && right > 20, `${left} dark pixels on the left, ${right} on the right`);
});

test("engine: the selection is traced through closed layers", async (t) => {
  await t.openText("blocks.mlir", blocks());
  // The pixels around a neighbour take the colour of outputs when a block is selected with its layers' edges shown.
  const colours = await t.view(async (view) => {
    view.setSelectionEdges({ inputs: true, outputs: true, layers: true });
    view.fit(undefined, false);
    const seen = await view.visibleNodes();
    view.select([seen.nodes[2]]);
    const svg = await (await view.svg({ area: "graph" })).text();
    return [...new Set(svg.match(/stroke="#[0-9a-f]{6}"/g))].length;
  });
  ok(colours >= 4, `${colours} colours of lines`);
});

test("engine: pictures have the size that was asked for", async (t) => {
  await t.openModel(MNIST);
  const found = await t.view(async (view) => {
    await view.expandAll();
    const sizeOf = async (blob) => {
      const image = await createImageBitmap(blob);
      return [image.width, image.height];
    };
    const svg = new DOMParser().parseFromString(await (await view.svg({ area: "graph" })).text(), "image/svg+xml");
    return {
      world: view.world,
      graph: await sizeOf(await view.png({ area: "graph", scale: 2 })),
      small: await sizeOf(await view.png({ area: "graph", maxSide: 500 })),
      view: await sizeOf(await view.png({ area: "view", scale: 1 })),
      host: [view.host.clientWidth, view.host.clientHeight],
      svgError: svg.querySelector("parsererror") !== null,
      texts: [...svg.querySelectorAll("text")].map((e) => e.textContent),
    };
  });
  near(found.graph[0], 2 * (found.world.w + 48), 1);
  near(found.graph[1], 2 * (found.world.h + 48), 1);
  equal(Math.max(...found.small), 500);
  equal(found.view, found.host);
  equal(found.svgError, false);
  ok(found.texts.includes("ttir.softmax"));
});

test("engine: a state comes back as it was", async (t) => {
  await t.openText("blocks.mlir", blocks());
  const found = await t.view(async (view) => {
    const rects = async () => [...(await view.visibleNodes()).rects].map((v) => Math.round(v * 100) / 100);
    const net = (await view.saveState()).expanded;
    await view.expandAll();
    view.setCamera({ x: 200, y: 400, zoom: 0.7 });
    const nodes = (await view.visibleNodes()).nodes;
    view.select([nodes[3]]);
    const state = await view.saveState(), before = await rects();
    await view.collapseAll();
    view.select([]);
    await view.restoreState(state, false);
    return { net, before, after: await rects(), again: await view.saveState(), state };
  });
  equal(found.again, found.state);
  equal(found.after, found.before);
  ok(found.state.selection.length === 1);
});

test("engine: lines on nodes are asked for what is shown, and make room", async (t) => {
  await t.openText("blocks.mlir", blocks());
  const found = await t.view(async (view) => {
    const asked = [];
    const heights = async () => [...(await view.visibleNodes()).rects].filter((_, i) => i % 4 === 3);
    view.fit(undefined, false);
    const zoom = view.camera.zoom, before = (await heights())[1] / zoom;
    await view.setLines((nodes) => {
      asked.push(...nodes);
      return nodes.map(() => [{ key: "a", value: "1" }, { value: "مرحبا 表示" }]);
    });
    const closed = asked.length;
    await view.expandAll();
    const all = new Set(asked).size;
    await view.setLines(null);
    return { closed, all, asked: asked.length, before };
  });
  ok(found.closed > 0 && found.closed < 12, `${found.closed} asked while closed`);
  ok(found.all > 24, `${found.all} asked when open`);
  equal(found.asked, found.all);
});

test("engine: arrow keys walk along the edges", async (t) => {
  await t.openText("blocks.mlir", blocks());
  const walked = await t.view(async (view) => {
    await view.expandAll();
    const { nodes } = await view.visibleNodes();
    view.select([Math.min(...nodes) + 0]);
    const path = [];
    for (let i = 0; i < 6; i++) path.push(await view.moveSelection("down"));
    const back = [];
    for (let i = 0; i < 5; i++) back.push(await view.moveSelection("up"));
    return { path, back };
  });
  equal(new Set(walked.path).size, 6);
  equal(walked.back, walked.path.slice(0, 5).reverse());
});

test("engine: cancel gives the view back as it was", async (t) => {
  await t.openText("blocks.mlir", blocks());
  const found = await t.view(async (view) => {
    const wait = (ms) => new Promise((r) => setTimeout(r, ms));
    await view.expandAll();
    await wait(200); // the camera's last event has come
    const before = (await view.visibleNodes()).total;
    const loading = view.collapseAll().then(() => "done", (e) => e.name);
    void view.saveState(); // who does not wait for it need not be told
    for (let i = 0; i < 5; i++) await null; // they are on their way to the worker
    view.cancel();
    const outcome = await loading;
    await wait(700);
    return { outcome, before, after: (await view.visibleNodes()).total };
  });
  equal(found.outcome, "AbortError");
  equal(found.after, found.before);
});

test("engine: a thousand layers open and close without a slow frame of the page", async (t) => {
  await t.openText("many.mlir", blocks(700));
  const found = await t.view(async (view) => {
    const a = await view.expandAll(), b = await view.collapseAll();
    return { open: a.visible, closed: b.visible, expanded: a.expanded };
  });
  ok(found.open > 2800 + 700 && found.expanded >= 700, JSON.stringify(found));
  ok(found.closed < 10, JSON.stringify(found));
});
