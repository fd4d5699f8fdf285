#!/usr/bin/env node
// The command `gcs-inpaint`. This file must be read by every Node that has modules: it says what is missing.
const leastNode = [22, 18];

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < leastNode[0] || (major === leastNode[0] && minor < leastNode[1])) {
  console.error(`gcs-inpaint: Expected Node ${leastNode.join('.')} or newer, got ${process.versions.node}.`);
  process.exitCode = 5;
} else {
  import('./main.js');
}
