// What can be done to a view: directions, flattening, bands, the minimap, what is written on nodes and edges; and how the
// page starts.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { equal, eventually, near, ok, test } from "./harness.mjs";

const MNIST = "examples/mnist.mlir";

// The drawing of the whole graph as an SVG picture.
const svg = (t) => t.view(async (view) => (await view.svg({ area: "graph" })).text());

test("view: a layer from left to right, and undone", async (t) => {
  await t.openModel(MNIST);
  await t.clickNode("layer:fc2");
  await t.command("graph.expandDeep");
  const order = async (axis) => {
    const boxes = (await t.graph()).boxes.filter((b) => b.id.includes("@fc2/"));
    return boxes.sort((a, b) => a[axis] - b[axis]).map((b) => b.label);
  };
  equal(await order("y"), ["ttir.matmul", "ttir.add", "ttir.relu"]);
  await t.command("graph.leftRight");
  equal(await order("x"), ["ttir.matmul", "ttir.add", "ttir.relu"]);
  const [first, , last] = (await t.graph()).boxes.filter((b) => b.id.includes("@fc2/")).sort((a, b) => a.x - b.x);
  near(first.y + first.h / 2, last.y + last.h / 2, first.h, "beside each other");
  await t.page.keyboard.press("Control+z");
  await t.ready();
  await eventually(() => order("y"), ["ttir.matmul", "ttir.add", "ttir.relu"]);
});

test("view: flattened there are ops only", async (t) => {
  await t.openModel(MNIST);
  await t.command("graph.flatten");
  const { boxes, expanded } = await t.graph();
  equal(expanded, []);
  equal(boxes.filter((b) => b.id.startsWith("layer:")), []);
  equal(boxes.filter((b) => b.label === "ttir.matmul").length, 3);
  await t.command("graph.flatten");
  ok((await t.graph()).boxes.some((b) => b.id === "layer:fc1"), "the layers are back");
});

test("view: Shift and a drag select what lies inside, Ctrl and a drag zoom to it", async (t) => {
  await t.openModel(MNIST);
  const a = await t.box("layer:fc1"), b = await t.box("layer:fc2");
  const drag = async (key) => {
    await t.page.keyboard.down(key);
    await t.page.mouse.move(Math.min(a.x, b.x) - 20, a.y - 6);
    await t.page.mouse.down();
    await t.page.mouse.move(Math.max(a.x + a.w, b.x + b.w) + 20, b.y + b.h + 6, { steps: 4 });
    await t.page.mouse.up();
    await t.page.keyboard.up(key);
    await t.ready();
  };
  await drag("Shift");
  await eventually(async () => (await t.graph()).selection.filter((id) => id.startsWith("layer:")).sort(), ["layer:fc1", "layer:fc2"]);
  const before = (await t.graph()).camera.zoom;
  await drag("Control");
  await eventually(async () => (await t.graph()).camera.zoom > before * 1.2, true, "closer");
});

test("view: the minimap shows where one is, a click in it goes there", async (t) => {
  await t.openText("chain.mlir", `module {\n  func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {\n${
    Array.from({ length: 80 }, (_, i) => `    %v${i} = "ttir.relu"(${i ? `%v${i - 1}` : "%x"}) : (tensor<4xf32>) -> tensor<4xf32>\n`).join("")
  }    return %v79 : tensor<4xf32>\n  }\n}\n`);
  const map = t.page.locator(".minimap"), frame = t.page.locator(".minimap-frame");
  await frame.waitFor();
  const place = await map.boundingBox();
  const y = () => t.graph().then((g) => g.camera.y);
  await t.page.mouse.click(place.x + place.width / 2, place.y + place.height - 10);
  await t.ready();
  const low = await y();
  await t.page.mouse.click(place.x + place.width / 2, place.y + 10);
  await t.ready();
  const high = await y();
  const { h } = await t.view((view) => view.world);
  ok(low > h * 0.8 && high < h * 0.2, `from ${low} to ${high} of ${h}`);
  const inside = await frame.boundingBox();
  ok(inside.y < place.y + place.height / 4, "the frame went along");
  await t.page.keyboard.press("m");
  await eventually(() => map.count(), 0);
});

test("view: what is written on nodes and edges is chosen, and drawn", async (t) => {
  await t.openModel(MNIST);
  await t.command("graph.expandAll");
  ok(!(await svg(t)).includes("transpose_b"), "nothing at first");
  await t.page.keyboard.press("v");
  const card = t.page.getByRole("dialog", { name: "What to show on nodes and edges" });
  await card.getByLabel("Attributes of ops").check();
  await card.getByLabel("Only attributes that match").fill("transpose_b");
  await card.getByLabel("Tensor type").check();
  await t.page.keyboard.press("Escape");
  await t.ready();
  await eventually(async () => {
    const text = await svg(t);
    return [text.includes("transpose_b"), text.includes("transpose_a"), /\dx\d+xf32/.test(text)];
  }, [true, false, true], "lines and labels");
  await t.shot("shown");
  await t.page.keyboard.press("v");
  await card.getByText("Show nothing").click();
  await t.page.keyboard.press("Escape");
  await t.ready();
  await eventually(async () => (await svg(t)).includes("transpose_b"), false);
});

test("view: what is shown on nodes leaves what is in the middle where it is, and all of a graph that nobody has moved in sight", async (t) => {
  await t.openModel(MNIST);
  const whole = () => t.view((view) => view.world.w * view.camera.zoom <= view.host.clientWidth && view.world.h * view.camera.zoom <= view.host.clientHeight);
  const show = async (what) => {
    await t.page.keyboard.press("v");
    await t.page.getByRole("dialog", { name: "What to show on nodes and edges" }).getByText(what, { exact: true }).click();
    await t.page.keyboard.press("Escape");
    await t.ready();
  };
  ok(await whole(), "at first all is seen");
  await show("Outputs");
  await eventually(async () => (await svg(t)).includes("784"), true, "the types are there");
  ok(await whole(), "and with what is shown");
  await show("Outputs");
  await t.command("graph.expandAll");
  await t.command("view.actual");
  const node = "forward/ttir.relu@fc2/relu", middle = async () => {
    const b = await t.box(node);
    return b && [b.x + b.w / 2, b.y + b.h / 2];
  };
  await t.page.evaluate(([p, n]) => globalThis.ttxTest.reveal(p, n), [0, node]);
  await t.ready();
  const [x, y] = await middle(), frame = await t.page.locator(".canvas").first().boundingBox();
  // Into the very middle, by hand: nothing is selected.
  await t.page.mouse.move(frame.x + 30, frame.y + 30);
  await t.page.mouse.down();
  await t.page.mouse.move(frame.x + 30 + frame.x + frame.width / 2 - x, frame.y + 30 + frame.y + frame.height / 2 - y, { steps: 4 });
  await t.page.mouse.up();
  await t.ready();
  const before = await middle();
  await show("Attributes of ops");
  await eventually(async () => (await svg(t)).includes("named_location"), true, "the attributes are there");
  const after = await middle();
  near(after[0], before[0], 2, "its column");
  near(after[1], before[1], 2, "its row");
});

test("view: the legend says what the colours mean", async (t) => {
  await t.openModel(MNIST);
  await t.page.keyboard.press("k");
  const legend = t.page.locator(".legend");
  await legend.waitFor();
  const text = await legend.innerText();
  ok(text.includes("Matrix multiplication") && text.includes("Argument"), text);
});

test("start: engine and graph are asked for once, and before the page's script has run", async (t) => {
  await t.open();
  const asked = [];
  t.page.on("request", (r) => asked.push(new URL(r.url()).pathname.replace(/-[0-9a-f]{10}\./, ".").split("/").at(-1)));
  await t.openModel(MNIST);
  const count = (name) => asked.filter((a) => a === name).length;
  equal(["boot.js", "app.js", "graph"].map(count), [1, 1, 1]);
  equal(await t.page.evaluate(() => [globalThis.ttxEarly.worker, globalThis.ttxEarly.graphs.size]), [null, 0], "both were taken over");
  ok(!asked.includes("preload"), "no start page is made for a moment");
});

test("start: a link that names what is not there says so", async (t) => {
  await t.open();
  await t.page.goto(`${t.server.url}/?model=${"0".repeat(64)}`);
  await t.page.locator(".canvas-problem").getByRole("button", { name: "Start page" }).waitFor();
  t.forgive(/404/);
});

test("view: a graph that nobody has moved stays in sight when its room changes", async (t) => {
  await t.openModel("examples/mnist.mlir");
  const size = () => t.view((view) => [view.camera.zoom, view.world.w, view.world.h, view.host.clientWidth, view.host.clientHeight]);
  const whole = ([zoom, w, h, room, high]) => w * zoom <= room && h * zoom <= high;
  ok(whole(await size()), "at first all is seen");
  await t.page.setViewportSize({ width: 1440, height: 520 });
  await eventually(async () => { const now = await size(); return now[4] < 460 && whole(now); }, true, "and in less room, too");
  const before = (await size())[0], moved = before * 1.5;
  await t.view((view) => view.zoomBy(1.5, undefined, false));
  await eventually(async () => Math.abs((await size())[0] - moved) < 1e-6, true, "nearer");
  await t.page.setViewportSize({ width: 1440, height: 800 });
  await eventually(async () => (await size())[4] > 600, true);
  await t.ready();
  near((await size())[0], moved, 1e-6, "once moved it stays where it is");
});

test("view: a graph too wide for its ops to be made out begins at its beginning, near", async (t) => {
  const of = (n, text) => Array.from({ length: n }, (_, i) => text(i)).join("");
  const type = "tensor<4x4xf32>", rows = of(60, (i) => of(30, (k) => `  %v${i}_${k} = "ttir.relu"(${k ? `%v${i}_${k - 1}` : `%s${i}`}) : (${type}) -> ${type}\n`));
  const text = `func.func @main(%a: ${type}) -> ${type} {\n${of(60, (i) => `  %s${i} = "ttir.neg"(%a) : (${type}) -> ${type}\n`)}${rows}  return %v0_29 : ${type}\n}\n`;
  const file = join(t.server.files, "wide.mlir");
  writeFileSync(file, text);
  await t.openModel(file);
  const { boxes, camera } = await t.graph(), room = await t.view((view) => [view.world.w, view.world.h, view.host.clientWidth, view.host.clientHeight]);
  ok(room[2] / room[0] < 0.2, `it is wide: ${room}`);
  ok(camera.zoom >= 0.5, `ops can be read: ${camera.zoom}`);
  ok(boxes.some((b) => b.label === "ttir.neg") && camera.x - room[2] / 2 / camera.zoom > -100, "its first ops are seen, and nothing beside the drawing");
});

const setting = (t, title) => t.page.getByRole("dialog", { name: "Settings" }).getByLabel(title);
const settings = async (t, act) => {
  await t.page.keyboard.press("Control+,");
  await act();
  await t.page.keyboard.press("Escape");
  await t.ready();
};

test("settings: sizes and colours of labels, edges and ops take effect at once, and the view stays where it is", async (t) => {
  await t.openModel(MNIST);
  await t.command("graph.expandAll");
  await t.page.keyboard.press("v");
  await t.page.getByRole("dialog", { name: "What to show on nodes and edges" }).getByLabel("Tensor type").check();
  await t.page.keyboard.press("Escape");
  await t.ready();
  const relu = (await t.graph()).boxes.find((b) => b.label === "ttir.relu");
  await t.clickNode(relu.id);
  await t.view((view) => view.zoomBy(0.9, undefined, false)); // from now on the view is where the user has put it
  await t.ready();
  const middle = async () => { const b = await t.box(relu.id); return b && { w: b.w, h: b.h }; };
  const canvas = await t.page.locator(".canvas").boundingBox(), centre = (b) => ({ x: b.x + b.w / 2, y: b.y + b.h / 2 });
  const away = (b) => Math.hypot(centre(b).x - canvas.x - canvas.width / 2, centre(b).y - canvas.y - canvas.height / 2);
  const kept = (await t.graph()).boxes.filter((b) => !b.expanded).sort((a, b) => away(a) - away(b))[0];
  const sizes = (text) => [...new Set([...text.matchAll(/font-size="([\d.]+)"/g)].map((m) => Number(m[1])))].sort((a, b) => a - b);
  const before = await middle(), zoom = (await t.graph()).camera.zoom;
  equal(sizes(await svg(t)), [9.5, 10, 12]);
  await settings(t, async () => {
    await setting(t, "Labels of ops").fill("24");
    await setting(t, "Labels of layers").fill("18");
    await setting(t, "Labels of edges").fill("7");
    await setting(t, "Longest label of an edge").fill("4");
    await t.page.keyboard.press("Tab");
  });
  await eventually(async () => sizes(await svg(t)), [7, 15, 18, 24], "sizes of texts");
  const after = await middle();
  near(after.w / before.w, 2, 0.01, "the box is twice as wide");
  near(after.h / before.h, 2, 0.01, "and twice as high");
  equal((await t.graph()).camera.zoom, zoom, "the view is as near as before");
  const now = centre(await t.box(kept.id));
  near(now.x, centre(kept).x, 1, "what was in the middle of the view stays there");
  near(now.y, centre(kept).y, 1);
  await eventually(async () => />\d+x?\d*x?…</.test(await svg(t)), true, "labels of edges are cut");
  const edge = async () => (await svg(t)).includes('stroke="#ff0000"');
  equal(await edge(), false);
  await settings(t, async () => {
    await setting(t, "Edges, light theme").first().fill("#ff0000");
    await setting(t, "Ops, light theme").first().fill("#102030");
  });
  await eventually(edge, true, "edges are red");
  equal(await t.style("fill", relu.id), "#102030ff");
  await eventually(async () => (await svg(t)).includes('fill="#102030"'), true, "ops are dark");
  await settings(t, async () => {
    await t.page.getByRole("button", { name: "Edges, light theme: as usual" }).click();
    await t.page.getByRole("button", { name: "Ops, light theme: as usual" }).click();
  });
  await eventually(edge, false, "as usual again");
  equal(await t.style("fill", relu.id), "");
});

test("settings: the inspector only with a selection; its text; nodes without data", async (t) => {
  await t.openModel(MNIST);
  await t.panel("inspector").waitFor();
  await settings(t, () => setting(t, "Show the inspector only while something is selected").check());
  await eventually(() => t.panel("inspector").count(), 0, "nothing is selected");
  await t.clickNode("layer:fc1");
  await t.panel("inspector").waitFor();
  const height = async () => (await t.panel("inspector").locator(".node-name").boundingBox()).height;
  const usual = await height();
  await settings(t, async () => { await setting(t, "Text of the inspector").fill("19.5"); await t.page.keyboard.press("Tab"); });
  near(await height() / usual, 1.5, 0.1, "larger by half");
  await t.drop("data.json", { name: "only fc1", results: { "layer:fc1": { value: 3 } } });
  const section = t.panel("inspector").getByRole("table", { name: "Node data" });
  await section.waitFor();
  await t.clickNode("layer:fc2");
  const row = section.getByText("only fc1");
  await row.waitFor();
  await settings(t, () => setting(t, "Hide node data without a value").check());
  await eventually(() => row.count(), 0);
  await t.page.keyboard.press("Escape");
  await eventually(() => t.panel("inspector").count(), 0, "deselected");
  await settings(t, () => setting(t, "Show the inspector only while something is selected").uncheck());
  await t.panel("inspector").waitFor();
});

test("messages: they stand at the foot of the active graph, over no panel below it", async (t) => {
  await t.openModel(MNIST);
  await t.command("panel.nodedata");
  await t.page.locator('[data-panel="nodedata"]').waitFor();
  await t.drop("bad.json", '{"results": {"x": ');
  const notice = t.page.locator(".notice.error");
  await notice.waitFor();
  const inside = async () => {
    const n = await notice.boundingBox(), canvas = await t.page.locator(".canvas").first().boundingBox();
    return n.x >= canvas.x && n.x + n.width <= canvas.x + canvas.width && n.y >= canvas.y && n.y + n.height <= canvas.y + canvas.height;
  };
  await eventually(inside, true, "within the graph");
  await t.command("panel.ops"); // takes room below
  await t.page.setViewportSize({ width: 1200, height: 700 });
  await eventually(inside, true, "also when its room changes");
});

test("view: small panes have no minimap", async (t) => {
  await t.openModel(MNIST);
  await t.view((view) => view.zoomBy(3, undefined, false));
  const seen = () => t.page.locator(".minimap").first().isVisible();
  await eventually(seen, true);
  await t.page.setViewportSize({ width: 900, height: 380 });
  await eventually(seen, false);
});
