// Before anything else is loaded: an older Node would fail at the first thing it does not know, and say nothing of why.
import process from 'node:process';

const OLDEST = [20, 19];
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
  console.error(`Parley needs Node ${OLDEST.join('.')} or newer; this is ${process.versions.node}`);
  process.exit(1);
}
