// What can go wrong on the way through a sitting, as the page shows it: a sentence, what to do, and the page works again by
// itself when the cause is gone. The table is in docs/guide/failures.md; what the server says is in
// tests/server/test_failures.py.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { equal, eventually, ok, ROOT, Server, test } from "./harness.mjs";

const MNIST = readFileSync(join(ROOT, "examples/mnist.mlir"), "utf8");

// Opens a path by the start page and gives what it says.
async function openPath(t, path) {
  await t.open();
  await t.page.goto(t.server.url);
  await t.page.getByLabel("Path of a model").fill(path);
  await t.page.keyboard.press("Escape");
  await t.page.keyboard.press("Enter");
}

test("failures: a file that is missing is told, and opens once it is there", async (t) => {
  const path = join(t.server.files, `late-${t.server.next++}.mlir`);
  await openPath(t, path);
  const told = t.page.getByText(/no file/i).first();
  await told.waitFor();
  ok((await told.textContent()).includes("late-"), "it names the file");
  await t.shot("failure_missing");
  writeFileSync(path, MNIST);
  await t.page.getByLabel("Path of a model").fill(path);
  await t.page.keyboard.press("Escape");
  await t.page.keyboard.press("Enter");
  await t.page.locator(".graph-pane").waitFor();
  await t.ready();
  ok((await t.graph()).nodes > 5, "the graph");
  t.forgive(/404/);
});

test("failures: half a file says so with its place, and opens once it is whole", async (t) => {
  const path = join(t.server.files, `half-${t.server.next++}.mlir`);
  writeFileSync(path, MNIST.slice(0, 1500));
  await openPath(t, path);
  await t.page.getByText(/only a part/).first().waitFor();
  await t.shot("failure_half");
  writeFileSync(path, MNIST);
  await t.page.goto(t.server.url);
  await t.page.getByLabel("Path of a model").fill(path);
  await t.page.keyboard.press("Escape");
  await t.page.keyboard.press("Enter");
  await t.page.locator(".graph-pane").waitFor();
  await t.ready();
  await eventually(async () => (await t.graph())?.nodes > 5, true, "the graph");
  t.forgive(/422/);
});

test("failures: a model larger than memory is refused with figures, the page goes on", async (t) => {
  const huge = "tensor<900000x900000xf32>";
  await t.openText("huge.mlir", `func.func @main(%x: ${huge}) -> ${huge} {\n  %0 = "ttir.relu"(%x) : (${huge}) -> ${huge}\n  return %0 : ${huge}\n}\n`);
  await t.page.keyboard.press("Control+Enter");
  const told = await t.panel("execute").getByRole("alert").textContent();
  ok(/needs .* GB of memory and .* GB are free/.test(told), told);
  await t.shot("failure_memory");
  await t.openModel("examples/mnist.mlir");
  await t.page.keyboard.press("Control+Enter");
  await t.panel("execute").getByRole("img", { name: /^Timeline/ }).waitFor();
});

test("failures: a run that the disk has no room for is listed, and says so until it is kept", async (t) => {
  await t.openText("unkept.mlir", MNIST);
  const full = "the disk (or your quota) is full, nothing was changed: make room for the workspace, then do it again";
  let room = false;
  await t.page.route("**/runs", async (route) => {
    const answer = await route.fetch(), told = await answer.json();
    if (!room && told.stages) told.unkept = full;
    if (!room && told.runs) told.runs = [];
    await route.fulfill({ response: answer, json: told });
  });
  await t.page.route("**/runs/*", async (route) => {
    const answer = await route.fetch(), told = await answer.json();
    if (!room) told.unkept = full;
    await route.fulfill({ response: answer, json: told });
  });
  await t.page.keyboard.press("c");
  await t.panel("compile").getByRole("button", { name: "Compile", exact: true }).click();
  const told = t.panel("compile").getByText(/not kept when the server ends.*make room/);
  await told.waitFor();
  await t.ready();
  await eventually(() => t.panel("compile").getByLabel("Run").locator("option").count(), 1, "the run is in the list");
  ok(await t.panel("compile").getByLabel("Run").inputValue(), "and chosen");
  room = true;
  await told.waitFor({ state: "detached" });
  equal(await t.panel("compile").getByLabel("Run").locator("option").count(), 1);
});

test("failures: an override of an op that is gone is told in a sentence, the rest is applied", async (t) => {
  const [model] = await t.openText("gone.mlir", MNIST);
  const one = (target) => ({ bind: "identity", target, attributes: [{ key: "output_layout.data_type", value: "bf16" }] });
  const run = await t.server.api("POST", `/models/${model}/runs`, { overrides: { a: one("@forward/ttnn.linear#9"), b: one("@forward/ttnn.linear#1") } });
  await t.page.keyboard.press("c");
  await t.panel("compile").getByLabel("Run").selectOption(run.id);
  await t.panel("compile").locator('div[role="option"]').last().click();
  await t.command("panel.overrides");
  const panel = t.panel("overrides");
  await panel.getByText("unmatched", { exact: true }).waitFor();
  await panel.getByText(/has 3 of ttnn.linear.*take it out/i).waitFor();
  await panel.getByText("applied", { exact: true }).waitFor();
  await t.shot("failure_gone");
  await panel.getByRole("button", { name: /Remove data_type of @forward\/ttnn.linear#9/ }).click();
  await panel.getByText("unmatched", { exact: true }).waitFor({ state: "detached" });
});

test("failures: the server stops while a model is compiled and executed; what is asked for then works again", async (t) => {
  const own = new Server();
  try {
    await own.start();
    writeFileSync(join(own.files, "m.mlir"), MNIST);
    const model = await own.api("POST", "/models", { path: join(own.files, "m.mlir") });
    await t.open();
    await t.page.goto(`${own.url}/?model=${model.id}`);
    await t.ready();
    const port = new URL(own.url).port, ended = new Promise((done) => own.process.once("exit", done));
    own.process.kill("SIGKILL");
    await ended;
    await t.page.keyboard.press("Control+Enter");
    const told = await t.panel("execute").getByRole("alert").textContent();
    ok(/server does not answer/.test(told), told);
    await t.shot("failure_server");
    await own.start([], ["-p", port]);
    await t.page.locator(".banner").waitFor({ state: "detached", timeout: 12000 });
    await t.page.keyboard.press("Control+Enter");
    await t.panel("execute").getByRole("img", { name: /^Timeline/ }).waitFor();
    await eventually(() => t.panel("execute").getByRole("alert").count(), 0);
  } finally {
    await t.page.goto("about:blank");
    await own.stop();
    t.forgive(/ERR_|Failed to load/);
  }
});

test("failures: a browser without WebGL draws the same graph", async (t) => {
  const browser = await chromium.launch({ executablePath: process.env.TTX_CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-3d-apis"] });
  try {
    t.browser = browser;
    await t.openModel("examples/mnist.mlir");
    equal(await t.page.evaluate(() => document.createElement("canvas").getContext("webgl2")), null);
    const { boxes } = await t.graph();
    ok(boxes.length > 4, "boxes are drawn");
    await t.clickNode(boxes.find((b) => b.label === "ttir.softmax").id);
    const picture = await t.page.locator("canvas").first().screenshot();
    ok(picture.length > 4000, "a picture that is not empty");
    await t.close();
  } finally {
    await browser.close();
  }
});
