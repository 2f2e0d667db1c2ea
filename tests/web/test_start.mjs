// The start page comes up without errors, and the server behind it answers.
import { equal, eventually, ok, test } from "./harness.mjs";

test("start page: opens without errors", async (t) => {
  await t.open();
  const answer = await t.page.goto(t.server.url);
  equal(answer.status(), 200);
  ok(/explorer/i.test(await t.page.title()), "the title names the program");
  equal((await t.server.api("GET", "/server")).name, "tt-explorer");
});

test("start page: an example opens, the welcome card goes and is brought back by its setting", async (t) => {
  await t.open();
  await t.page.goto(t.server.url);
  const card = t.page.getByRole("region", { name: "Welcome" });
  await card.getByText("All shortcuts").waitFor();
  await t.shot("start");
  await card.getByLabel("Close the welcome card").click();
  await eventually(() => card.count(), 0);
  await t.page.reload();
  await t.page.getByRole("heading", { name: "Open a model" }).waitFor();
  equal(await card.count(), 0, "it stays closed");
  await t.command("app.settings");
  await t.page.getByLabel("Show the welcome card on the start page").check();
  await t.page.keyboard.press("Escape");
  await card.waitFor();
  await t.page.getByRole("button", { name: "A transformer block" }).click();
  await t.until((g) => g?.boxes.length > 3, "it is drawn");
  equal((await t.server.api("GET", "/models")).models.filter((m) => m.name === "transformer_block.mlir").length, 1);
});
