// Copies what the pages need out of node_modules/ into static/vendor/. Run by `npm run vendor`.
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const MODULES = new URL("../node_modules/", import.meta.url);
const VENDOR = new URL("vendor/", import.meta.url);

const COPIES = {
  "@fontsource-variable/instrument-sans/files/instrument-sans-latin-standard-normal.woff2":
    "instrument-sans.woff2",
  "@fontsource-variable/instrument-sans/LICENSE": "instrument-sans.LICENSE",
  "socket.io-client/LICENSE": "socket.io.LICENSE",
  "uplot/dist/uPlot.min.css": "uplot.css",
  "uplot/LICENSE": "uplot.LICENSE",
};

await rm(VENDOR, { recursive: true, force: true });
await mkdir(VENDOR, { recursive: true });
for (const [source, target] of Object.entries(COPIES)) {
  await copyFile(new URL(source, MODULES), new URL(target, VENDOR));
}

/** Copy a script through `change`. */
async function copyScript(source, target, change) {
  const text = await readFile(new URL(source, MODULES), "utf8");
  await writeFile(new URL(target, VENDOR), change(text));
}

// The map that its last line points to is larger than the whole site and would be asked for in vain.
await copyScript("socket.io-client/dist/socket.io.esm.min.js", "socket.io.js", (text) =>
  text.replace(/^\/\/# sourceMappingURL=.*$/m, ""),
);

// The only minified build of uPlot is a plain script that declares `uPlot`; a last line makes it a
// module of half the size of the unminified one.
await copyScript("uplot/dist/uPlot.iife.min.js", "uplot.js", (text) =>
  `${text.trimEnd()}\nexport default uPlot;\n`,
);

console.log(`Browser libraries are in ${fileURLToPath(VENDOR)}`);
