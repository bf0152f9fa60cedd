// The app is sound by its types, strictly.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { HERE } from "../lib/tools.mjs";

export default function types(require) {
  const compiler = join(require.resolve("typescript/package.json"), "../bin/tsc");
  return ["tsconfig.json", "tsconfig.worker.json"].flatMap((name) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [compiler, "-p", join(HERE, name), "--pretty", "false"], { encoding: "utf8", cwd: HERE });
    const said = `${stdout}${stderr}`.split("\n").filter(Boolean);
    return status === 0 ? [] : [said.length ? said : [`the compiler ends with ${status}`]].flat();
  });
}
