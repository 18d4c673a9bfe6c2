#!/usr/bin/env node
// Publishing is a matter of milliseconds and of other people's machines: it loads nothing of the service.
const [command, ...args] = process.argv.slice(2);
if (command === 'publish') {
  const { runPublish } = await import('./publisher/command/publish.command.js');
  const { out, err, code } = await runPublish({ args, environment: process.env, input: process.stdin });
  process.stderr.write(err);
  process.stdout.write(out);
  process.exitCode = code;
} else {
  await import('./app.main.js');
}

export {};
