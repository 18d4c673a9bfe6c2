// Loaded before a program: stops it, as SIGSTOP does, right before it first takes the lock of a spool away. It says so on
// its standard output, and goes on with SIGCONT.
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const { rename } = fs;
let stopped = false;
fs.rename = (from, to) => {
  if (!stopped && String(from).endsWith('drain.lock')) {
    stopped = true;
    process.stdout.write('stops\n');
    process.kill(process.pid, 'SIGSTOP');
  }
  return rename(from, to);
};
syncBuiltinESMExports();
