// Loaded into jsii's Node before anything else (terrace.engine): a binding's index requires every resource there is,
// some two hundred megabytes of JavaScript, and a stack uses fifty. Here each is required when it is first asked for.
"use strict";
const v8 = require("node:v8");
const fs = require("node:fs");
const { Module } = require("node:module");

v8.setFlagsFromString("--no-opt"); // a synthesis ends before optimized code has saved the time of compiling it

const INDEX = /[\\/]@cdktn[\\/]provider-[\w-]+[\\/]lib[\\/]index\.js$/;
const EAGER = /^exports\.(\w+) = __importStar\(require\(("[^"]+")\)\);$/gm;
const LAZY =
  'Object.defineProperty(exports, "$1", { configurable: true, enumerable: true, get() {' +
  ' const value = __importStar(require($2));' +
  ' Object.defineProperty(exports, "$1", { enumerable: true, value });' +
  " return value; } });";

const load = Module._extensions[".js"];
Module._extensions[".js"] = (module, filename) => {
  if (!INDEX.test(filename)) return load(module, filename);
  return module._compile(fs.readFileSync(filename, "utf8").replace(EAGER, LAZY), filename);
};
