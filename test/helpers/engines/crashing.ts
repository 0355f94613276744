/** An engine that dies of a native crash as soon as it is told to start. */
process.on('message', (command: { readonly type: string }) => {
  if (command.type === 'start') process.kill(process.pid, 'SIGSEGV');
});
process.send?.({ type: 'ready', pid: process.pid });
