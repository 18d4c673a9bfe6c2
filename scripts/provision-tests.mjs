// Provides what the tests need and npm cannot bring: a Chromium for the browser test (and with it iproute2, without
// which the test of half-open peers skips itself). Taken as it is where there is
// one; installed from Debian's packages when root; otherwise the one command to run is printed, and the tests stop.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import path from 'node:path';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const command = 'apt-get update && apt-get install -y --no-install-recommends chromium iproute2';

function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function findBrowser() {
  const chosen = process.env.CHROMIUM_PATH;
  if (chosen) return isProgram(chosen) ? chosen : undefined;
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter(Boolean);
  return folders.flatMap((folder) => names.map((name) => path.join(folder, name))).find(isProgram);
}

function give(words) {
  console.error(words);
  process.exit(1);
}

if (!findBrowser()) {
  if (process.env.CHROMIUM_PATH) give(`CHROMIUM_PATH names no program: ${process.env.CHROMIUM_PATH}`);
  if (!existsSync('/etc/debian_version')) {
    give('The browser test needs Chromium: install it, and set CHROMIUM_PATH=/path/to/it if it is not on the PATH.');
  }
  if (process.getuid() !== 0)
    give(`The browser test needs Chromium. Run this, then the tests again:\n\n  sudo sh -c '${command}'\n`);
  console.log('Installing Chromium for the browser test from the packages of this system (a minute or so) …');
  const install = spawnSync('sh', ['-c', command], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (install.status !== 0 || !findBrowser()) {
    const last = `${install.stdout ?? ''}${install.stderr ?? install.error}`.trim().split('\n').slice(-5).join('\n');
    give(
      `Chromium could not be installed:\n${last}\n\nInstall it by hand, then run the tests again:\n\n  ${command}\n`,
    );
  }
}
